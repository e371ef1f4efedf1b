#pragma once

#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/random.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/secrets.hpp"
#include "plait/batch/call/send_log.hpp"
#include "plait/batch/caller/caller.hpp"
#include "plait/batch/testing/fakes.hpp"
#include "plait/http/body/body_memory.hpp"
#include "plait/http/message/request.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A caller with all that it works with, for tests of calls that take more than one request.
namespace plait::batch::internal {

inline Task<Attempt> later(Attempt attempt) {
    co_await sleep_for(std::chrono::milliseconds(10));
    co_return attempt;
}

/// Servers whose answers depend on the URL, and on how often it was asked for.
using Servers = std::function<Attempt(const std::string& url, int times)>;

/// A day in 2023.
class FixedDate final : public WallClock {
  public:
    WallTime now() const override { return WallTime(std::chrono::seconds(1'700'000'000)); }
};

/// Notes what it is told: `sent undone `, with `poll URL ` in between. `poll_url`: of a job of an earlier run.
class NotingLog final : public SendLog {
  public:
    bool try_record(std::uint64_t) override {
        told += "sent ";
        return true;
    }
    Task<void> record(std::uint64_t) override { co_return; }
    void retract(std::uint64_t) override { told += "undone "; }
    void record_poll(std::uint64_t, std::string_view url) override { told += "poll " + std::string(url) + " "; }
    std::optional<std::string> poll_of(std::uint64_t) override { return poll_url; }

    std::string told;
    std::optional<std::string> poll_url;
};

/// A caller whose method asks `servers`, and the requests that they got.
struct CallerBench {
    explicit CallerBench(Servers servers_, CallerOptions options = {}, const Secrets* secrets = nullptr,
                         http::BodyMemory* memory = nullptr)
        : servers(std::move(servers_)),
          method([this](http::Request request) {
              const std::string& url = request.url.text();
              asked.push_back(request.method() + " " + url);
              return later(servers(url, ++times[url]));
          }),
          caller(options, parts(secrets, memory)) {}

    CallerParts parts(const Secrets* secrets, http::BodyMemory* memory) {
        CallerParts parts(method, random, dates);
        parts.sends = &log;
        parts.secrets = secrets;
        parts.page_memory = memory;
        return parts;
    }

    /// The end of a call that has one.
    Task<CallEnd> make(Call call) {
        MadeCall made = co_await caller.make(call);
        PLAIT_ASSERT(made, "the call has an end");
        co_return std::move(*made);
    }

    Servers servers;
    FakeMethod method;
    std::map<std::string, int> times;
    std::vector<std::string> asked;
    Random random{1};
    FixedDate dates;
    NotingLog log;
    Caller caller;
};

/// "200 next-page, 200 http://a/2": status and URL of each attempt, and why another one followed.
inline std::string attempts_of(const CallEnd& end) {
    std::string text;
    for (const AttemptNote& note : end.attempts) {
        text += text.empty() ? "" : ", ";
        text += note.status ? std::to_string(note.status) : std::string(to_string(note.error));
        if (!note.url.empty()) text += " " + std::string(note.url);
        if (!note.why.empty()) text += " " + std::string(note.why);
    }
    return text;
}

}  // namespace plait::batch::internal
