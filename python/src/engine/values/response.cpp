#include "values/response.hpp"

#include "plait/base/read_file.hpp"
#include "plait/base/text/words.hpp"

#include <fmt/format.h>

#include "values/errors.hpp"
#include "values/json.hpp"
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace plait::python {

namespace {

constexpr std::size_t kib = 1024;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Duration from_seconds(double value) { return std::chrono::round<Duration>(std::chrono::duration<double>(value)); }

std::string_view without_query(std::string_view url) { return url.substr(0, url.find('?')); }

/// The `charset` of a content type; empty without one.
std::string charset_of(std::string_view content_type) {
    const std::string type = http::lower(content_type);
    const std::size_t at = type.find("charset=");
    if (at == std::string::npos) return "";
    std::string value = type.substr(at + 8);
    value = value.substr(0, value.find(';'));
    std::erase_if(value, [](char c) { return c == '"' || c == '\'' || c == ' '; });
    return value;
}

http::Headers headers_of(const nb::handle& fields) {
    http::Headers headers;
    for (const auto& [name, value] : nb::cast<Fields>(fields)) headers.add(name, value);
    return headers;
}

template <class From>
nb::object new_response(From& from) {
    nb::object response = nb::inst_alloc(nb::type<Response>());
    new (nb::inst_ptr<Response>(response)) Response(from);
    nb::inst_mark_ready(response);
    return response;
}

}  // namespace

EndedCall::EndedCall(http::Request request_, Boxed<http::Response> response_, Duration elapsed_, int attempts_) {
    request = std::make_unique<http::Request>(std::move(request_));
    response = std::move(response_);
    elapsed = elapsed_;
    attempts = attempts_;
}

nb::object sent_request(const http::Request& request) {
    return python_name("plait._messages", "sent_request")(request.method(), request.url.text(),
                                                          list_of(request.headers), to_bytes(request.body));
}

nb::list list_of(const http::Headers& headers) {
    nb::list fields;
    for (const http::Header header : headers) {
        fields.append(nb::make_tuple(to_lenient_str(header.name), to_lenient_str(header.value)));
    }
    return fields;
}

Response::Response(Caller& caller)
    : answer_(std::move(caller.response)),
      sent_(std::move(caller.request)),
      elapsed_(caller.elapsed),
      attempts_(caller.attempts) {}

Response::Response(const nb::tuple& state)
    : answer_(http::Response()),
      sent_(std::make_unique<http::Request>(nb::cast<std::string>(state[4]),
                                            http::Url(nb::cast<std::string>(state[5])))) {
    answer_->status = nb::cast<int>(state[0]);
    answer_->reason = nb::cast<std::string>(state[1]);
    answer_->headers = headers_of(state[2]);
    const nb::bytes body = nb::cast<nb::bytes>(state[3]);
    answer_->body.assign(body.c_str(), body.size());
    request_.set(nb::borrow(state[6]));
    const auto times = nb::cast<std::vector<double>>(state[7]);
    Duration* const phases[] = {&answer_->timings.dns,  &answer_->timings.connect, &answer_->timings.tls,
                                &answer_->timings.send, &answer_->timings.wait,    &answer_->timings.receive};
    for (std::size_t i = 0; i < std::min(times.size(), std::size(phases)); ++i) *phases[i] = from_seconds(times[i]);
    elapsed_ = from_seconds(nb::cast<double>(state[8]));
    answer_->reused = nb::cast<bool>(state[9]);
    if (nb::cast<bool>(state[10])) answer_->version = http::HttpVersion::http_2;
    attempts_ = nb::cast<int>(state[11]);
}

std::string_view Response::url_text() const noexcept {
    return answer_->url.empty() ? std::string_view(sent_->url.text()) : answer_->url.view();
}

std::optional<std::string> Response::file() const {
    return answer_->saved_body ? std::optional(answer_->saved_body->path()) : std::nullopt;
}

const std::string& Response::body() {
    if (answer_->saved_body && answer_->body.empty())
        answer_->body = read_file(answer_->saved_body->path(), (http::body_size(*answer_) / kib + 1) * kib);
    return answer_->body;
}

nb::bytes Response::content() {
    if (!content_) content_.set(to_bytes(body()));
    return nb::borrow<nb::bytes>(content_.get());
}

nb::object Response::text() {
    const std::string charset = charset_of(answer_->headers.get("Content-Type").value_or(""));
    const auto size = static_cast<Py_ssize_t>(body().size());
    PyObject* text = nullptr;
    if (!charset.empty()) {
        text = PyUnicode_Decode(body().data(), size, charset.c_str(), "replace");
        // A charset that Python does not know: as without one.
        if (!text && PyErr_ExceptionMatches(PyExc_LookupError)) PyErr_Clear();
    }
    if (!text && !PyErr_Occurred()) text = PyUnicode_DecodeUTF8(body().data(), size, "replace");
    if (!text) nb::raise_python_error();
    return nb::steal(text);
}

nb::object Response::json(std::optional<std::string> pointer, nb::object loads) {
    if (!loads.is_none()) return loads(content());
    if (auto value = parse_json(body(), pointer ? &*pointer : nullptr)) return std::move(*value);
    // Python's parser takes what simdjson does not, such as integers of any size, or says what is wrong.
    return python_name("plait._json", "parse")(content(), pointer ? nb::cast(*pointer) : nb::none(),
                                               answer_->headers.get("Content-Type").value_or(""));
}

nb::list Response::fields() const { return list_of(answer_->headers); }

nb::object Response::headers() {
    if (!headers_) headers_.set(python_name("plait._messages", "Headers")(fields()));
    return nb::borrow(headers_.get());
}

nb::object Response::request() {
    if (!request_) {
        request_.set(python_name("plait._messages", "sent_request")(sent_->method(), url_text(),
                                                                    list_of(sent_->headers), to_bytes(sent_->body)));
    }
    return nb::borrow(request_.get());
}

nb::dict Response::timings() const {
    nb::dict result;
    const http::Timings& times = answer_->timings;
    result["dns"] = seconds(times.dns);
    result["connect"] = seconds(times.connect);
    result["tls"] = seconds(times.tls);
    result["send"] = seconds(times.send);
    result["wait"] = seconds(times.wait);
    result["receive"] = seconds(times.receive);
    return result;
}

double Response::elapsed() const { return seconds(elapsed_); }

std::string Response::repr() const {
    return fmt::format("<Response {} {} {} {} B in {:.3f} s>", answer_->status, sent_->method(),
                       without_query(url_text()), http::body_size(*answer_), elapsed());
}

nb::tuple Response::state() {
    const http::Timings& times = answer_->timings;
    const auto phases = nb::make_tuple(seconds(times.dns), seconds(times.connect), seconds(times.tls),
                                       seconds(times.send), seconds(times.wait), seconds(times.receive));
    return nb::make_tuple(status(), answer_->reason, fields(), content(), sent_->method(), url(), request(), phases,
                          elapsed(), answer_->reused, answer_->version == http::HttpVersion::http_2, attempts_);
}

int Response::traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (!nb::inst_ready(self)) return 0;
    const auto* response = nb::inst_ptr<Response>(self);
    Py_VISIT(response->content_.get());
    Py_VISIT(response->headers_.get());
    Py_VISIT(response->request_.get());
    return 0;
}

int Response::clear(PyObject* self) {
    if (!nb::inst_ready(self)) return 0;
    auto* response = nb::inst_ptr<Response>(self);
    response->content_.clear();
    response->headers_.clear();
    response->request_.clear();
    return 0;
}

int Response::get_buffer(PyObject* self, Py_buffer* view, int flags) {
    try {
        auto& response = instance_of<Response>(self);
        return PyBuffer_FillInfo(view, self, const_cast<char*>(response.body().data()),
                                 static_cast<Py_ssize_t>(response.body().size()), 1, flags);
    } catch (...) {
        view->obj = nullptr;
        set_python_error();
        return -1;
    }
}

namespace {

/// What most programs look at, as a slot of the type: a property of nanobind costs ten times as much.
template <class Look>
PyObject* looked_at(PyObject* self, Look look) noexcept {
    try {
        return look(instance_of<Response>(self)).release().ptr();
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyObject* get_status(PyObject* self, void*) noexcept {
    return looked_at(self, [](const Response& answer) { return nb::int_(answer.status()); });
}

PyObject* get_ok(PyObject* self, void*) noexcept {
    return looked_at(self, [](const Response& answer) { return nb::bool_(answer.ok()); });
}

PyObject* get_content(PyObject* self, void*) noexcept {
    return looked_at(self, [](Response& answer) { return answer.content(); });
}

PyGetSetDef hot_attributes[] = {{"status", &get_status, nullptr, nullptr, nullptr},
                                {"status_code", &get_status, nullptr, nullptr, nullptr},
                                {"ok", &get_ok, nullptr, nullptr, nullptr},
                                {"content", &get_content, nullptr, nullptr, nullptr},
                                {nullptr, nullptr, nullptr, nullptr, nullptr}};

}  // namespace

nb::object make_response(Caller& caller, PyObject* request) {
    nb::object response = new_response(caller);
    if (request) nb::inst_ptr<Response>(response)->set_request(nb::borrow(request));
    return response;
}

void register_response(nb::module_& module) {
    static PyType_Slot slots[] = {{Py_tp_getset, hot_attributes},
                                  {Py_tp_traverse, reinterpret_cast<void*>(&Response::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&Response::clear)},
                                  {Py_bf_getbuffer, reinterpret_cast<void*>(&Response::get_buffer)},
                                  {0, nullptr}};
    nb::class_<Response>(module, "Response", nb::type_slots(slots), nb::is_weak_referenceable())
        .def_prop_ro("reason", [](const Response& self) { return to_lenient_str(self.answer().reason); })
        .def_prop_ro("headers", &Response::headers)
        .def_prop_ro("file", &Response::file)
        .def_prop_ro("text", &Response::text)
        .def_prop_ro("url", &Response::url)
        .def_prop_ro("request", &Response::request)
        .def_prop_ro("timings", &Response::timings)
        .def_prop_ro("elapsed",
                     [](const Response& self) {
                         nb::object timedelta = nb::module_::import_("datetime").attr("timedelta");
                         return timedelta(nb::arg("seconds") = self.elapsed());
                     })
        .def_prop_ro("attempts", &Response::attempts)
        .def_prop_ro("reused", [](const Response& self) { return self.answer().reused; })
        .def_prop_ro("http_version", [](const Response& self) { return http::to_string(self.answer().version); })
        .def_prop_ro(
            "links",
            [](Response& self) { return python_name("plait._messages", "links_of")(self.headers(), self.url()); })
        .def("json", &Response::json, nb::kw_only(), nb::arg("pointer") = nb::none(), nb::arg("loads") = nb::none())
        .def("raise_for_status",
             [](nb::handle self) -> nb::object {
                 if (nb::inst_ptr<Response>(self)->ok()) return nb::borrow(self);
                 return python_name("plait._errors", "raise_status")(self);
             })
        .def("__len__", [](const Response& self) { return http::body_size(self.answer()); })
        .def("__bool__", [](const Response&) { return true; })
        .def("__repr__", &Response::repr)
        .def("__reduce__", [](Response& self) {
            return nb::make_tuple(python_name("plait._messages", "response_from_state"), nb::make_tuple(self.state()));
        });
    module.def("response_from_state", [](const nb::tuple& state) { return new_response(state); });
}

}  // namespace plait::python
