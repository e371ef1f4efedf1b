#include "plait/doctor/server.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/http/message/date.hpp"
#include "plait/http/message/request.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace plait::doctor {

namespace {

/// A date has whole seconds, and an answer is on its way for a while.
constexpr Duration fine = std::chrono::seconds(2);
/// Beyond this, signatures and tokens are usually refused.
constexpr Duration far_off = std::chrono::minutes(5);

}  // namespace

Task<ServerTrial> try_server(http::Session& session, http::Url url, const WallClock& calendar) {
    ServerTrial trial(url);
    const TimePoint begin = now();
    try {
        const http::Response response = co_await session.send(http::Request("HEAD", std::move(url)));
        trial.status = response.status;
        trial.version = response.version;
        trial.date = std::string(response.headers.get("date").value_or(""));
    } catch (const Error& error) {
        trial.failure = error.what();
    }
    trial.took = now() - begin;
    trial.received = calendar.now();
    co_return trial;
}

Finding check_server(const ServerTrial& trial) {
    if (!trial.failure.empty()) return {"server", Verdict::wrong, trial.failure, "no call to it can succeed from here"};
    const std::string message = fmt::format("{} answers HEAD with {} over HTTP/{} after {}", trial.url.origin(),
                                            trial.status, to_string(trial.version), in_words(trial.took));
    if (trial.status >= 500) return {"server", Verdict::warn, message, "it may be down, or refuse HEAD"};
    return {"server", Verdict::ok, message};
}

std::optional<Finding> check_clock(const ServerTrial& trial) {
    if (!trial.failure.empty()) return std::nullopt;
    const auto date = http::parse_date(trial.date, trial.received);
    if (!date || !date->has_zone)
        return Finding("clock", Verdict::warn, fmt::format("{} sends no Date to compare it with", trial.url.origin()));
    // The date is that of a moment in the request's time, without the fraction of its second.
    const Duration earliest = trial.received - trial.took - date->time - date->grain;
    const Duration latest = trial.received - date->time;
    const Duration difference = earliest > Duration::zero() ? earliest
                                : latest < Duration::zero() ? latest
                                                            : Duration::zero();
    const Duration size = difference < Duration::zero() ? -difference : difference;
    if (size <= fine) return Finding("clock", Verdict::ok, fmt::format("agrees with that of {}", trial.url.origin()));
    const std::string message = fmt::format("{} {} that of {}", in_words(size),
                                            difference < Duration::zero() ? "behind" : "ahead of", trial.url.origin());
    return Finding("clock", size > far_off ? Verdict::wrong : Verdict::warn,
                   message + "; signed requests and tokens may be refused, and dates in results are off",
                   "set the clock, such as with chrony or systemd-timesyncd");
}

}  // namespace plait::doctor
