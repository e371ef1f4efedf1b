#pragma once

#include "plait/base/boxed.hpp"
#include "plait/http/message/response.hpp"

#include "core/engine.hpp"
#include "values/python.hpp"
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::python {

/// An answer, as Python sees it. What Python does not look at stays in the engine's form.
class Response {
  public:
    /// Takes over what came of a call.
    explicit Response(Caller& caller);
    /// From what `state` returned.
    explicit Response(const nb::tuple& state);

    int status() const noexcept { return answer_->status; }
    /// Whether the status is 2xx.
    bool ok() const noexcept { return status() / 100 == 2; }
    const http::Response& answer() const noexcept { return *answer_; }

    /// The file with the body; nothing: it is in memory.
    std::optional<std::string> file() const;
    const std::string& body();
    nb::bytes content();
    nb::object text();
    nb::object json(std::optional<std::string> pointer, nb::object loads);
    nb::list fields() const;
    nb::object headers();
    /// After redirects.
    nb::str url() const { return to_str(url_text()); }
    nb::object request();
    void set_request(nb::object request) { request_.set(std::move(request)); }
    nb::dict timings() const;
    double elapsed() const;
    int attempts() const noexcept { return attempts_; }
    std::string repr() const;
    /// All of it, as a tuple that can be pickled.
    nb::tuple state();

    static int traverse(PyObject* self, visitproc visit, void* arg);
    static int clear(PyObject* self);
    static int get_buffer(PyObject* self, Py_buffer* view, int flags);

  private:
    std::string_view url_text() const noexcept;

    Boxed<http::Response> answer_;
    std::unique_ptr<http::Request> sent_;  ///< the first request, where there were redirects
    Duration elapsed_{};
    int attempts_ = 1;
    Held content_;
    Held headers_;
    Held request_;
};

/// A call that has ended, for `make_response`.
class EndedCall final : public Caller {
  public:
    EndedCall(http::Request request_, Boxed<http::Response> response_, Duration elapsed_, int attempts_);
    void on_end() noexcept override {}
};

/// Header fields as a list of pairs.
nb::list list_of(const http::Headers& headers);

/// The `plait.Request` of what was sent.
nb::object sent_request(const http::Request& request);

/// A `Response` for Python.
nb::object make_response(Caller& caller, PyObject* request);

void register_response(nb::module_& module);

}  // namespace plait::python
