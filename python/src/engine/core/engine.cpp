#include "core/engine.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/late_cancel.hpp"
#include "plait/base/text/words.hpp"
#include "plait/http/send_error.hpp"

#include <pthread.h>
#include <sys/eventfd.h>

#include "mock/intercept.hpp"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace plait::python {

namespace {

std::atomic<int> generation = 0;

}  // namespace

struct Running {
    Running(Caller& caller_, std::unique_ptr<http::Request> request_, std::optional<Duration> deadline_,
            std::unique_ptr<CallPolicy> policy_)
        : caller(&caller_),
          request(std::move(request_)),
          policy(std::move(policy_)),
          deadline(deadline_),
          takes_turn(caller_.takes_turn) {
        caller->running_ = this;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        if (caller) caller->running_ = nullptr;
    }

    const http::Request& what() const noexcept { return ruled ? ruled->request : *request; }
    Duration left() const { return began + *deadline - now(); }

    Caller* caller;  ///< null: it has given the call up
    std::unique_ptr<http::Request> request;
    Boxed<http::Response> response;
    std::unique_ptr<Failure> failure;
    std::unique_ptr<CallPolicy> policy;
    std::unique_ptr<RuledCall> ruled;  ///< with the request, while it is made by policy
    std::optional<Duration> deadline;
    TimePoint began{};
    int attempts = 0;
    bool takes_turn;
    CancelScope scope;
};

namespace {

/// An attempt ends itself at the deadline, and knows what was sent. One that does not is cancelled this much later.
constexpr Duration overtime = std::chrono::milliseconds(100);

Failure deadline_failure(const Running& running, bool maybe_sent, std::string_view phase = {}) {
    std::string text = running.what().method() + " ";
    text += running.what().url.without_query();
    text += ": the time limit of the call, " + in_words(*running.deadline) + ", has passed";
    text += phase;
    return Failure(ErrorCode::deadline, std::move(text), maybe_sent);
}

/// The part of an error's text that says when it happened: ` (connecting, 50 ms after the start)`.
std::string_view phase_in(std::string_view text) {
    const std::size_t begin = text.rfind(" (");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

Failure failure_of(const Running& running, const http::SendError& error) {
    if (running.deadline && error.code() == ErrorCode::timeout && running.left() <= Duration::zero())
        return deadline_failure(running, error.maybe_sent(), phase_in(error.what()));
    return Failure(error.code(), error.what(), error.maybe_sent());
}

/// Why a call by policy has no answer.
Failure failure_of(const Running& running, const batch::MadeCall& made) {
    Failure failure(ErrorCode::cancelled, "the call was not made", false);
    if (running.ruled->thrown) {
        failure.thrown = running.ruled->thrown;
        return failure;
    }
    const auto* const end = made.get();
    if (!end || !end->error) return failure;
    const batch::CallError& error = *end->error;
    if (error.code == ErrorCode::deadline && running.deadline) return deadline_failure(running, error.maybe_sent);
    return Failure(error.code, error.message, error.maybe_sent);
}

int attempts_in(const batch::MadeCall& made) {
    const auto* const end = made.get();
    if (!end) return 0;
    return static_cast<int>(std::count_if(end->attempts.begin(), end->attempts.end(),
                                          [](const batch::AttemptNote& note) { return note.why != "redirect"; }));
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

const http::Request* Caller::in_flight() const noexcept { return running_ ? &running_->what() : nullptr; }

Engine::Engine(const Settings& settings)
    : settings_(settings),
      trace_(trace_for(settings)),
      session_(std::make_unique<http::Session>(intercepted(settings.session))),
      intercepts_(intercept_generation()),
      permits_(settings.concurrency),
      loop_(loop_options(trace_.get())) {}

std::unique_ptr<SessionTrace> Engine::trace_for(const Settings& settings) {
    if (!settings.policies || settings.policies->trace.empty()) return nullptr;
    return std::make_unique<SessionTrace>(settings.policies->trace, settings.concurrency);
}

EventLoopOptions Engine::loop_options(SessionTrace* trace) {
    EventLoopOptions options;
    if (trace) options.recorder = &trace->recorder();
    return options;
}

Engine::~Engine() = default;

void Engine::start(Caller& caller, std::unique_ptr<http::Request> request, std::optional<Duration> deadline,
                   std::unique_ptr<CallPolicy> policy) {
    if (intercepts_ != intercept_generation()) renew_session();
    auto running = std::make_unique<Running>(caller, std::move(request), deadline ? deadline : settings_.deadline,
                                             std::move(policy));
    ++in_flight_;
    ++made_;
    loop_.start(carry_out(std::move(running)));
}

/// Connections that were made before a mock began, or while it lasted, must not be used any more. Calls in flight keep
/// the session as it is.
void Engine::renew_session() {
    if (loop_.size() > 0) return;
    intercepts_ = intercept_generation();
    policies_.reset();
    only_hooks_.reset();
    session_ = std::make_unique<http::Session>(intercepted(settings_.session));
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

Task<void> Engine::send(Running& running) {
    return settings_.policies || running.policy ? send_by_policy(running) : send_plainly(running);
}

/// A frame holds all its variables as long as the call waits: so the answer is put where it is not copied again.
Task<void> Engine::send_plainly(Running& running) {
    std::optional<Semaphore::Permit> permit;
    if (running.takes_turn) permit = permits_.try_acquire();
    if (running.takes_turn && !permit) {
        if (running.deadline) {
            auto waiting = within(running.left(), permits_.acquire());
            permit = co_await std::move(waiting);
            if (!permit) co_return;
        } else {
            permit = co_await permits_.acquire();
        }
    }
    if (running.deadline) running.request->time_left = running.left();
    running.attempts = 1;
    auto sending = http::send_following_by_reference(*session_, *running.request, settings_.redirects,
                                                     settings_.cookies ? &cookies_ : nullptr);
    running.response = co_await std::move(sending);
}

/// With retries, limits and hooks.
Task<void> Engine::send_by_policy(Running& running) {
    const PolicySettings none;
    running.ruled = std::make_unique<RuledCall>(std::move(*running.request), running.policy.get(),
                                                settings_.policies ? *settings_.policies : none);
    if (running.deadline) running.ruled->rules.deadline = running.deadline;
    Policies& policies = policies_of(running);
    auto making = policies.make(*running.ruled);
    batch::MadeCall made = co_await std::move(making);
    running.attempts = attempts_in(made);
    auto* const end = made.get();
    if (end && end->response && !running.ruled->thrown) {
        running.response = std::move(end->response);
    } else {
        running.failure = std::make_unique<Failure>(failure_of(running, made));
        if (running.failure->code == ErrorCode::rate_limited)
            running.failure->retry_after = policies.asked_wait(*running.ruled);
    }
}

/// Made when the first call needs them, in the loop.
Policies& Engine::policies_of(const Running& running) {
    const PolicySettings none;
    const PolicySettings& settings = settings_.policies ? *settings_.policies : none;
    const bool are_hooks_all =
        !settings.repeats && !settings.is_limited && !(running.policy && running.policy->has_rules);
    std::unique_ptr<Policies>& policies = are_hooks_all ? only_hooks_ : policies_;
    if (!policies) {
        policies = std::make_unique<Policies>(settings, settings_.redirects, *session_,
                                              settings_.cookies ? &cookies_ : nullptr, trace_.get(), are_hooks_all);
    }
    return *policies;
}

Task<void> Engine::send_in_time(Running& running) {
    CancelScope scope;
    const LateCancel late_cancel(scope, running.began + *running.deadline, overtime);
    auto limited = scope.run(send(running));
    co_await limited;
}

Task<void> Engine::carry_out(std::unique_ptr<Running> running) {
    running->began = now();
    try {
        auto sending = running->deadline ? send_in_time(*running) : send(*running);
        auto in_scope = running->scope.run(std::move(sending));
        co_await in_scope;
    } catch (const http::SendError& error) {
        running->failure = std::make_unique<Failure>(failure_of(*running, error));
    } catch (const Error& error) {
        running->failure = std::make_unique<Failure>(error.code(), error.what(), false);
    }
    end(std::move(running));
}

/// Hands over what came of a call, unless it was given up.
void Engine::end(std::unique_ptr<Running> running) {
    Caller* const caller = std::exchange(running->caller, nullptr);
    if (!caller) return;
    caller->running_ = nullptr;
    caller->elapsed = now() - running->began;
    if (!running->response && !running->failure) {
        const bool was_sent = running->attempts > 0 || (running->ruled && running->ruled->attempts_begun > 0);
        running->failure = std::make_unique<Failure>(deadline_failure(*running, was_sent));
    }
    if (running->ruled) *running->request = std::move(running->ruled->request);
    caller->attempts = running->attempts;
    caller->request = std::move(running->request);
    if (!running->response) ++failed_;
    caller->response = std::move(running->response);
    if (running->failure) caller->failure = std::move(*running->failure);
    --in_flight_;
    const int wake_up = caller->wake_up;
    caller->on_end();
    if (wake_up >= 0) ::eventfd_write(wake_up, 1);
}

}  // namespace plait::python
