#include "plait/batch/caller/auth_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/workers/child_program.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstring>

namespace plait::batch {

namespace {

constexpr std::string_view blanks = " \t\r\n";

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, "the auth command " + reason); }

/// Such as `X-Api-Key: abc`. The blank tells it from a value with a colon in it.
std::optional<std::pair<std::string, std::string>> as_header(std::string_view line) {
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos || !http::is_token(line.substr(0, colon))) return std::nullopt;
    return std::pair(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1), blanks)));
}

/// The secret part of a value: `abc` of `Bearer abc`, because a server may echo it without the scheme.
std::string_view secret_of(std::string_view value) {
    const auto blank = value.find(' ');
    const bool has_scheme = blank != std::string_view::npos && http::is_token(value.substr(0, blank));
    return has_scheme ? trimmed(value.substr(blank), blanks) : value;
}

void check_end(const EndedProgram& program) {
    const int status = program.wait_status;
    if (WIFSIGNALED(status)) refuse(fmt::format("was killed by signal {}", WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0) refuse(fmt::format("failed with exit status {}", WEXITSTATUS(status)));
    if (program.is_cut || program.said.size() > AuthCommand::longest_output) {
        refuse(fmt::format("printed more than {} bytes: that is no header", AuthCommand::longest_output));
    }
}

/// The headers that the output stands for. No error shows any of it.
std::vector<std::pair<std::string, std::string>> read_headers(std::string_view output) {
    output = trimmed(output, blanks);
    if (output.empty()) refuse("printed nothing");
    std::vector<std::pair<std::string, std::string>> headers;
    for (std::string_view rest = output; !rest.empty();) {
        const auto end = rest.find('\n');
        const std::string_view line = trimmed(rest.substr(0, end), blanks);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.empty()) continue;
        if (auto header = as_header(line)) {
            headers.push_back(std::move(*header));
        } else if (line == output) {
            headers.emplace_back("Authorization", line);
        } else {
            refuse("printed several lines, and not all of them are of the form 'Name: value'");
        }
    }
    http::Headers checked;
    for (const auto& [name, value] : headers) {
        try {
            checked.set(name, value);
        } catch (const Error&) {
            refuse(fmt::format("printed an invalid value for the header {}", name));
        }
    }
    return headers;
}

}  // namespace

AuthCommand::AuthCommand(std::string command, KeepSecret keep_secret)
    : command_(std::move(command)), keep_secret_(std::move(keep_secret)) {}

void AuthCommand::apply(http::Request& request) const {
    for (const auto& [name, value] : headers_) request.headers.set(name, value);
}

Task<void> AuthCommand::renew(std::uint64_t version) {
    if (version < version_) co_return;
    // A task that waits here finds newer credentials, or what went wrong, or, if the task before it was cancelled,
    // runs the command itself.
    const Semaphore::Permit permit = co_await turn_.acquire();
    if (version < version_) co_return;
    if (ran_at_ && now() - *ran_at_ < shortest_pause) {
        if (!trouble_.empty()) throw Error(ErrorCode::bad_input, trouble_);
        refuse(fmt::format("gave credentials {} ago, and the server refuses them (401)", in_words(now() - *ran_at_)));
    }
    co_await run();
}

Task<void> AuthCommand::run() {
    std::vector<std::string> arguments{"/bin/sh", "-c", command_};
    try {
        EndedProgram program = co_await run_program(std::move(arguments), longest, ErrorOutput::passed_through);
        check_end(program);
        headers_ = read_headers(program.said);
        ++version_;
        trouble_.clear();
    } catch (const Error& error) {
        trouble_ = error.code() == ErrorCode::timeout
                       ? fmt::format("the auth command has not ended after {}", in_words(longest))
                       : error.what();
    }
    ran_at_ = now();
    if (!trouble_.empty()) throw Error(ErrorCode::bad_input, trouble_);
    for (const auto& [name, value] : headers_) keep_secret_(secret_of(value));
}

}  // namespace plait::batch
