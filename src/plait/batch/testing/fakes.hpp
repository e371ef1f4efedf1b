#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/sources/url_source.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plait::batch::internal {

/// For tests: keeps what is written.
class MemorySink final : public Sink {
  public:
    Task<bool> write(std::string_view lines) override {
        co_await writable_.wait();
        if (is_full) throw Error(ErrorCode::storage, "write memory: No space left on device");
        ++writes;
        text += lines;
        co_return !is_closed;
    }

    /// From now on writes wait, until `open`.
    void block() { writable_.reset(); }
    void open() { writable_.set(); }

    std::string text;
    int writes = 0;
    bool is_closed = false;
    bool is_full = false;

  private:
    class OpenEvent : public Event {
      public:
        OpenEvent() { set(); }
    };
    OpenEvent writable_;
};

/// For tests: answers with what a function says, within the time that the call has left.
class FakeMethod final : public Method {
  public:
    using Answer = std::function<Task<Attempt>(http::Request)>;

    explicit FakeMethod(Answer answer = {}, std::size_t most_in_flight = 1000)
        : answer_(std::move(answer)), most_in_flight_(most_in_flight) {}

    Task<Attempt> attempt(const http::Request& request) override {
        requests.push_back(request);
        if (answer_) return limited(answer_(request), request.time_left);
        return ok();
    }
    std::size_t most_in_flight() const noexcept override { return most_in_flight_; }

    std::vector<http::Request> requests;

    static Task<Attempt> ok() {
        http::Response response;
        response.status = 200;
        co_return response;
    }

  private:
    static Task<Attempt> limited(Task<Attempt> answer, std::optional<Duration> limit) {
        if (!limit) co_return co_await std::move(answer);
        std::optional<Attempt> ended = co_await within(*limit, std::move(answer));
        if (!ended) co_return Failure(ErrorCode::timeout, "the attempt ran out of time", true);
        co_return std::move(*ended);
    }

    Answer answer_;
    std::size_t most_in_flight_;
};

}  // namespace plait::batch::internal
