#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace plait {

/// What kind of operation failed. The names are those of the `code` of a result line.
enum class ErrorCode {
    bad_input,     ///< unusable input from the caller
    dns,           ///< a host name has no address
    connect,       ///< no address of the host took the connection
    tls,           ///< no trusted, encrypted connection
    proxy,         ///< the proxy refused, or could not be used
    reset,         ///< the peer closed or reset the connection
    protocol,      ///< the peer broke the rules of its protocol
    timeout,       ///< a time limit passed
    deadline,      ///< the time limit of a call with all its attempts and waits passed
    too_large,     ///< the peer sent more than a limit allows
    expect,        ///< the answer is not what was expected
    rate_limited,  ///< the server asks for a longer wait than we allow
    budget,        ///< it would cost more than may be spent
    cancelled,     ///< stopped on purpose before it ended
    worker_died,   ///< the worker process ended before its job did
    storage,       ///< one of our own files can't be opened, read, written or synced
};

/// The name of `code` as files and messages spell it.
std::string_view to_string(ErrorCode code) noexcept;

/// A failed operation: `what()` says what was tried, where, for how long and, where possible, what to do.
class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

    ErrorCode code() const noexcept { return code_; }

  private:
    ErrorCode code_;
};

/// The reader of standard output is gone, as `head` is when it has enough: nobody wants the rest.
class OutputUnread final : public Error {
  public:
    OutputUnread();
};

/// Throws `Error(bad_input)`. `message` says what can't be used and why.
[[noreturn]] void throw_bad_input(const std::string& message);

/// The text of an `errno` value, such as "Connection refused".
std::string system_message(int error_number);

}  // namespace plait
