#include "plait/compare/jobs/python_calls.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/json_string.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/compare/jobs/internal/python_script.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/session.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

namespace plait::compare {

namespace {

std::string quoted(std::string_view text) {
    std::string result;
    append_json_string(result, text);
    return result;
}

std::string seconds(std::optional<Duration> duration) {
    return duration ? fmt::format("{}", std::chrono::duration<double>(*duration).count()) : "null";
}

/// Throws for settings of a session that the package does not have.
void check_session(const CallWork& work) {
    const http::SessionOptions& session = work.session();
    const http::SessionOptions usual;
    const auto refuse_if = [](bool is_given, std::string_view what) {
        if (is_given) throw_bad_input(fmt::format("the package has nothing like {}", what));
    };
    refuse_if(!session.routes.resolve.empty(), "--resolve");
    refuse_if(!session.routes.connect_to.empty(), "--connect-to");
    refuse_if(!session.routes.unix_socket.empty(), "--unix-socket");
    refuse_if(!session.until_event.empty(), "--until-event");
    refuse_if(!session.decode, "--no-decode");
    refuse_if(session.credentials != nullptr, "--user and --netrc");
    refuse_if(session.limits.header_bytes != usual.limits.header_bytes, "--max-header-bytes");
    refuse_if(session.limits.header_count != usual.limits.header_count, "--max-header-count");
    refuse_if(work.redirects().to_http, "--redirect-to-http");
}

/// Throws for rules of a call that the package's `map` does not have: its results would be judged otherwise.
void check_rules(const batch::CallRules& rules) {
    if (rules.expectation) throw_bad_input("the package's map has nothing like the expect of a request line");
    if (rules.refusal) throw_bad_input("the package's map has nothing like the refusal of a request line");
}

std::string session_json(const CallWork& work) {
    const http::SessionOptions& session = work.session();
    const std::string_view version = session.http == http::HttpChoice::http_1_1 ? "1.1"
                                     : session.http == http::HttpChoice::http_2 ? "2"
                                                                                : "";
    return fmt::format(
        R"({{"attempt":{},"connect":{},"idle":{},"max_body":{},"redirects":{},"http_version":{},"verify":{},)"
        R"("ca_file":{},"certificate":{},"key":{}}})",
        seconds(session.timeouts.attempt), seconds(session.timeouts.connect), seconds(session.timeouts.idle),
        session.limits.body_bytes, work.redirects().most, quoted(version), session.tls.verify,
        quoted(session.tls.ca_file), quoted(session.tls.certificate_file), quoted(session.tls.key_file));
}

std::string request_json(const http::Request& request) {
    if (request.body_parts) throw_bad_input("a request has a body that is read from files");
    std::string headers;
    for (const http::Header header : request.headers)
        headers += fmt::format("{}[{},{}]", headers.empty() ? "" : ",", quoted(header.name), quoted(header.value));
    std::string body;
    append_base64(body, request.body);
    return fmt::format("[{},{},[{}],\"{}\",{}]", quoted(request.method()), quoted(request.url.text()), headers, body,
                       seconds(request.timeout));
}

UniqueFd file_with(std::string_view text) {
    UniqueFd file(::memfd_create("plait-calls", MFD_CLOEXEC));
    if (!file) throw Error(ErrorCode::storage, "make a file in memory: " + system_message(errno));
    while (!text.empty()) {
        const auto written = ::write(file.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw Error(ErrorCode::storage, "write to a file in memory: " + system_message(errno));
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return file;
}

}  // namespace

std::string python_calls_json(const CallWork& work) {
    check_session(work);
    std::string requests;
    for (const batch::Call& call : work.calls()) {
        check_rules(call.rules);
        requests += (requests.empty() ? "" : ",\n") + request_json(call.request);
    }
    return fmt::format("{{\"session\":{},\n\"requests\":[{}]}}\n", session_json(work), requests);
}

PythonCalls::PythonCalls(const CallWork& work, std::string lacking) : count_(work.size()) {
    if (!lacking.empty()) why_not_ = "the package has nothing like " + lacking;
    if (!why_not_.empty()) return;
    try {
        file_ = file_with(python_calls_json(work));
    } catch (const Error& error) {
        why_not_ = error.what();
    }
}

std::vector<std::string> PythonCalls::command(const Way& way) const {
    if (!why_not_.empty()) throw_bad_input(why_not_);
    return {"python3",
            "-c",
            std::string(internal::python_jobs),
            way.method,
            "calls",
            fmt::format("/proc/{}/fd/{}", ::getpid(), file_.get()),
            fmt::to_string(count_),
            fmt::to_string(way.concurrency)};
}

}  // namespace plait::compare
