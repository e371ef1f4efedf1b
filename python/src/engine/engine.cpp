#include "engine.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/words.hpp"
#include "plait/http/send_error.hpp"

#include <pthread.h>

#include <atomic>
#include <utility>

namespace plait::python {

namespace {

std::atomic<int> generation = 0;

}  // namespace

struct Running {
    Running(Caller& caller_, std::unique_ptr<http::Request> request_, std::optional<Duration> deadline_)
        : caller(&caller_), request(std::move(request_)), deadline(deadline_), takes_turn(caller_.takes_turn) {
        caller->running_ = this;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        if (caller) caller->running_ = nullptr;
    }

    Caller* caller;  ///< null: it has given the call up
    std::unique_ptr<http::Request> request;
    std::unique_ptr<http::Response> response;
    std::optional<Duration> deadline;
    bool takes_turn;
    CancelScope scope;
};

namespace {

Failure deadline_failure(const Running& running) {
    std::string text = running.request->method() + " ";
    text += running.request->url.without_query();
    text += ": the time limit of the call, " + in_words(*running.deadline) + ", has passed";
    return Failure(ErrorCode::deadline, std::move(text), true);
}

}  // namespace

int process_generation() noexcept {
    static const int registered = ::pthread_atfork(nullptr, nullptr, [] { ++generation; });
    static_cast<void>(registered);
    return generation.load(std::memory_order_relaxed);
}

Caller::~Caller() {
    if (running_) running_->caller = nullptr;
}

const http::Request* Caller::in_flight() const noexcept { return running_ ? running_->request.get() : nullptr; }

Engine::Engine(const Settings& settings)
    : settings_(settings), session_(settings.session), permits_(settings.concurrency) {}

Engine::~Engine() = default;

void Engine::start(Caller& caller, std::unique_ptr<http::Request> request, std::optional<Duration> deadline) {
    auto running = std::make_unique<Running>(caller, std::move(request), deadline ? deadline : settings_.deadline);
    ++in_flight_;
    ++made_;
    loop_.start(carry_out(std::move(running)));
}

void Engine::give_up(Caller& caller) noexcept {
    Running* const running = std::exchange(caller.running_, nullptr);
    if (!running) return;
    --in_flight_;
    running->caller = nullptr;
    loop_.cancel(running->scope);
}

void Engine::drop_all() noexcept {
    loop_.drop_all();
    in_flight_ = 0;
}

/// A frame holds all its variables as long as the call waits: so the answer is put where it is not copied again.
Task<void> Engine::send(Running& running) {
    std::optional<Semaphore::Permit> permit;
    if (running.takes_turn) permit = permits_.try_acquire();
    if (running.takes_turn && !permit) permit = co_await permits_.acquire();
    auto sending = http::send_following_by_reference(session_, *running.request, settings_.redirects,
                                                     settings_.cookies ? &cookies_ : nullptr);
    running.response = std::make_unique<http::Response>(co_await std::move(sending));
}

Task<void> Engine::carry_out(std::unique_ptr<Running> running) {
    const TimePoint began = now();
    Failure failure;
    try {
        auto sending = send(*running);
        if (running->deadline) {
            auto limited = within(*running->deadline, std::move(sending));
            auto in_scope = running->scope.run(std::move(limited));
            co_await std::move(in_scope);
            if (!running->response) failure = deadline_failure(*running);
        } else {
            auto in_scope = running->scope.run(std::move(sending));
            co_await std::move(in_scope);
        }
    } catch (const http::SendError& error) {
        failure = Failure(error.code(), error.what(), error.maybe_sent());
    } catch (const Error& error) {
        failure = Failure(error.code(), error.what(), false);
    }
    Caller* const caller = std::exchange(running->caller, nullptr);
    if (!caller) co_return;  // it was given up
    caller->running_ = nullptr;
    caller->elapsed = now() - began;
    caller->request = std::move(running->request);
    if (!running->response) ++failed_;
    caller->response = std::move(running->response);
    caller->failure = std::move(failure);
    --in_flight_;
    caller->on_end();
}

}  // namespace plait::python
