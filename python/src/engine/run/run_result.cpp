#include "run/run_result.hpp"

#include "core/engine.hpp"
#include "values/errors.hpp"
#include "values/response.hpp"
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace plait::python {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Duration time_of(const std::vector<batch::AttemptNote>& attempts) {
    if (attempts.empty()) return {};
    return attempts.back().start + attempts.back().total - attempts.front().start;
}

}  // namespace

nb::object make_run_result(const nb::object& type, batch::CallResult result, nb::object cause) {
    const batch::CallEnd& end = result.end;
    const Duration elapsed = time_of(end.attempts);
    nb::object error = nb::none();
    nb::object response = nb::none();
    nb::object request = nb::none();
    auto* const call = std::get_if<batch::Call>(&result.item);
    if (call && (!end.response || end.error)) request = sent_request(call->request);
    if (end.error) {
        const Failure failure(end.error->code, end.error->message, end.error->maybe_sent);
        error = error_of(failure, request.is_none() ? nullptr : request.ptr());
        if (cause.is_valid()) PyException_SetCause(error.ptr(), cause.release().ptr());
    }
    const std::string metadata =
        call ? std::string(call->metadata) : std::move(std::get<batch::BadLine>(result.item).metadata);
    const std::string custom_id = result.custom_id();
    const std::uint64_t line = result.line();
    nb::list pages;
    for (http::Response& page : result.end.pages) {
        EndedCall ended(http::Request(call->request), std::move(page), elapsed, static_cast<int>(end.attempts.size()));
        const nb::object made = make_response(ended, request.is_none() ? nullptr : request.ptr());
        pages.append(made);
        if (end.last_is_page) response = made;  // of the last of them
    }
    if (call && end.response && !end.last_is_page) {
        EndedCall ended(std::move(call->request), std::move(result.end.response), elapsed,
                        static_cast<int>(end.attempts.size()));
        response = make_response(ended, request.is_none() ? nullptr : request.ptr());
    }
    return type(line, to_str(custom_id), to_str(to_string(end.outcome)), request, response, error, end.attempts.size(),
                seconds(elapsed), to_str(metadata), pages, end.has_more_pages);
}

}  // namespace plait::python
