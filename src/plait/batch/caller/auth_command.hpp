#pragma once

#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/message/request.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// Gets new credentials from a command of the user when a server no longer takes those that calls are made with (401).
///
///     auth.apply(request);
///     const auto version = auth.version();
///     if (status_of(co_await send(request)) == 401) {
///         co_await auth.renew(version);      // for all calls that come meanwhile, once
///         auth.apply(request);               // and send it again
///     }
///
/// What the command prints is the value of the `Authorization` header from then on; lines of the form `Name: value` set
/// those headers instead. The command runs in the coordinating process only, and belongs to one loop.
class AuthCommand {
  public:
    /// Time limit of the command.
    static constexpr Duration longest = std::chrono::seconds(60);
    /// The command does not run again within this time: its credentials are fresh, or new ones would be no better.
    static constexpr Duration shortest_pause = std::chrono::seconds(60);
    /// The command must not print more than this.
    static constexpr std::size_t longest_output = 64 * 1024;

    /// Called with each value that must be redacted.
    using KeepSecret = std::function<void(std::string_view value)>;

    /// `command` is run by `/bin/sh -c`.
    AuthCommand(std::string command, KeepSecret keep_secret);
    AuthCommand(const AuthCommand&) = delete;
    AuthCommand& operator=(const AuthCommand&) = delete;

    /// Counts the credentials: 0 before the command first ran, and one more each time.
    std::uint64_t version() const noexcept { return version_; }

    /// Replaces the credentials of a request. Does nothing before the command first ran.
    void apply(http::Request& request) const;

    /// Gets newer credentials than `version`, with which a call got a 401. Ends at once if there are some already, else
    /// when the command has ended, which runs once for all that wait. Throws `Error` if the command fails, or if it ran
    /// less than `shortest_pause` ago and its credentials are refused. The message never quotes the command's output.
    Task<void> renew(std::uint64_t version);

  private:
    using Header = std::pair<std::string, std::string>;

    Task<void> run();

    std::string command_;
    KeepSecret keep_secret_;
    Semaphore turn_{1};
    std::uint64_t version_ = 0;
    std::vector<Header> headers_;
    std::optional<TimePoint> ran_at_;
    std::string trouble_;  // of the last run; empty: it gave credentials
};

}  // namespace plait::batch
