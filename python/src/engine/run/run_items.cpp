#include "run/run_items.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/json_string.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace plait::python {

namespace {

/// What stays the same when the program makes the request again.
std::string identity_of(const batch::SourceItem& item) {
    if (const auto* call = std::get_if<batch::Call>(&item)) {
        return fmt::format("{} {} {} {}", call->custom_id, call->request.method(), call->request.url.text(),
                           call->request.body);
    }
    const auto& line = std::get<batch::BadLine>(item);
    return fmt::format("{} {}", line.custom_id, line.message);
}

/// Valid as long as `text`. Nothing for what can't be UTF-8: lone surrogates.
std::optional<std::string_view> utf8_of(PyObject* text) {
    Py_ssize_t size = 0;
    const char* const bytes = PyUnicode_AsUTF8AndSize(text, &size);
    if (bytes) return std::string_view(bytes, static_cast<std::size_t>(size));
    PyErr_Clear();
    return std::nullopt;
}

/// The fields whose texts mean the same in a mapping and in a request line.
constexpr std::array<std::string_view, 6> fields_of_text{"url",  "custom_id", "method",
                                                         "body", "group",     "idempotency_key"};

/// The request line for a dict that has only such fields, as most have; empty for any other, whose line is made in
/// Python at several times the price.
std::string line_of_texts(PyObject* item) {
    std::string line;
    if (!PyDict_CheckExact(item)) return line;
    Py_ssize_t place = 0;
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(item, &place, &name, &value)) {
        if (!PyUnicode_CheckExact(name) || !PyUnicode_CheckExact(value)) return {};
        const auto field = utf8_of(name);
        const auto text = utf8_of(value);
        const bool is_known =
            field && std::find(fields_of_text.begin(), fields_of_text.end(), *field) != fields_of_text.end();
        if (!is_known || !text) return {};
        line.append(line.empty() ? "{\"" : ",\"").append(*field).append("\":");
        append_json_string(line, *text);
    }
    if (!line.empty()) line += '}';
    return line;
}

constexpr std::string_view not_text = "it holds characters that are no text (lone surrogates)";

}  // namespace

Task<std::optional<batch::SourceItem>> RunItems::next() {
    for (;;) {
        while (waits_for_item()) {
            shared_.more.reset();
            co_await shared_.more.wait();
        }
        std::optional<batch::SourceItem> item = read();
        if (auto* const call = item ? std::get_if<batch::Call>(&*item) : nullptr) {
            std::vector<int>& statuses = call->rules.retry_statuses;
            statuses.insert(statuses.end(), shared_.retry_statuses.begin(), shared_.retry_statuses.end());
        }
        if (!item) {
            if (watch_) std::exchange(watch_, nullptr)->end();
            co_return std::nullopt;
        }
        if (watch_) {
            watch_->see(identity_of(*item));
            watch_->refuse_appended();
        }
        if (skipped_ && skipped_->contains(line_)) continue;
        co_return item;
    }
}

/// Fetches the next item; false when it is there, or there is none.
bool RunItems::waits_for_item() {
    const Locked locked;
    next_.set(nb::steal(stay_at_exit([&] { return PyIter_Next(shared_.iterator.get()); })));
    if (!next_ && PyErr_Occurred()) break_off();
    return next_ && next_.get() == shared_.nothing_yet.get();
}

std::optional<batch::SourceItem> RunItems::read() {
    if (!next_) return std::nullopt;
    const Locked locked;
    ++line_;
    std::optional<batch::SourceItem> item = item_of(next_.get());
    next_.clear();
    return item;
}

batch::SourceItem RunItems::item_of(PyObject* item) {
    if (!requests_) requests_.emplace(std::move(defaults_));
    if (PyUnicode_Check(item)) {
        const auto url = utf8_of(item);
        return url ? requests_->read_url(*url, line_) : bad_item({}, not_text);
    }
    if (!adds_to_lines()) {
        if (const std::string line = line_of_texts(item); !line.empty()) return requests_->read_json(line, line_);
    }
    PyObject* const made_or_null =
        stay_at_exit([&] { return PyObject_CallFunctionObjArgs(shared_.line_of.get(), item, nullptr); });
    if (!made_or_null) break_off();
    const nb::object made = nb::steal(made_or_null);
    if (PyUnicode_Check(made.ptr())) {
        const auto line = utf8_of(made.ptr());
        return line ? requests_->read_json(*line, line_) : bad_item({}, not_text);
    }
    const auto [custom_id, why] = nb::cast<std::pair<std::string, std::string>>(made);
    return bad_item(custom_id, why);
}

/// Whether Python adds to the lines what their items expect.
bool RunItems::adds_to_lines() {
    if (!adds_to_lines_) adds_to_lines_ = nb::cast<bool>(nb::borrow(shared_.line_of.get()).attr("adds_to_lines"));
    return *adds_to_lines_;
}

batch::SourceItem RunItems::bad_item(std::string custom_id, std::string_view why) const {
    if (custom_id.empty()) custom_id = batch::automatic_id(line_);
    return batch::BadLine(std::move(custom_id), line_, fmt::format("request {}: {}", line_, why));
}

void RunItems::break_off() {
    shared_.broken.set(taken_exception());
    throw Error(ErrorCode::cancelled, "the iterable of requests failed");
}

}  // namespace plait::python
