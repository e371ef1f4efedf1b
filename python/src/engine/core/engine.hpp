#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/hosted_loop.hpp"
#include "plait/base/boxed.hpp"
#include "plait/base/error.hpp"
#include "plait/http/cookies/cookie_jar.hpp"
#include "plait/http/redirects.hpp"
#include "plait/http/session.hpp"

#include "core/policies.hpp"
#include "core/session_trace.hpp"
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace plait::python {

/// What a session is made of, without Python's objects.
struct Settings {
    Settings() {}

    http::SessionOptions session;
    http::RedirectOptions redirects;
    bool cookies = true;
    bool raise_for_status = false;
    std::optional<http::Url> base_url;
    /// For each call, with all its redirects and the wait for its turn.
    std::optional<Duration> deadline;
    /// The most calls in flight; further ones wait for their turn, without a time limit of their own.
    std::size_t concurrency = 100;
    /// The same of calls with policies, those of maps included.
    std::size_t most_by_policy = 1'000'000;
    /// Retries, limits and hooks; nothing: none, and calls are sent as they come.
    std::optional<PolicySettings> policies;
};

/// Why a call has no response.
struct Failure {
    Failure() {}
    Failure(ErrorCode code_, std::string text_, bool maybe_sent_)
        : code(code_), text(std::move(text_)), maybe_sent(maybe_sent_) {}

    ErrorCode code = ErrorCode::bad_input;
    std::string text;
    bool maybe_sent = false;
    /// For how long the server wants no calls (`rate_limited`); nothing: it has not said so.
    std::optional<Duration> retry_after;
    /// What a hook has thrown, in place of all that; null: nothing.
    std::exception_ptr thrown;
};

/// One call on its way, owned by its task.
struct Running;

/// Who makes a call, and what came of it.
class Caller {
  public:
    Caller() noexcept {}
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    /// Called in a turn of the loop when the call has ended, unless it was given up. Must not run Python code.
    virtual void on_end() noexcept = 0;

    bool is_in_flight() const noexcept { return running_ != nullptr; }
    /// What is in flight; null: nothing.
    const http::Request* in_flight() const noexcept;

    /// Whether the call waits for its turn where `Settings::concurrency` are in flight.
    bool takes_turn = true;
    /// An eventfd to write to when the call has ended, for a thread that waits for it; -1: none.
    int wake_up = -1;

    // Once it has ended:
    std::unique_ptr<http::Request> request;
    Boxed<http::Response> response;  ///< or else there is a failure
    Failure failure;
    Duration elapsed{};
    int attempts = 0;

  protected:
    /// Whatever comes of a call in flight is then of no interest.
    ~Caller();

  private:
    friend class Engine;
    friend struct Running;
    Running* running_ = nullptr;
};

/// A loop with a session in it. For one thread at a time, and only in the process that made it.
class Engine {
  public:
    explicit Engine(const Settings& settings);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    /// Drops what is in flight.
    ~Engine();

    int fd() const noexcept { return loop_.fd(); }
    HostedLoop& loop() noexcept { return loop_; }
    const Settings& settings() const noexcept { return settings_; }

    /// Adds a call to the list of ready tasks; see to a turn. `caller` stays where it is until the call has ended or is
    /// given up. No `deadline`: that of the settings. No `policy`: as the settings have it.
    void start(Caller& caller, std::unique_ptr<http::Request> request, std::optional<Duration> deadline,
               std::unique_ptr<CallPolicy> policy = nullptr);
    /// Gives up the call of `caller`, if it is in flight: it ends without `on_end`, and its connection is closed. See
    /// to a turn.
    void give_up(Caller& caller) noexcept;

    /// Ends all calls, as `give_up` does.
    void drop_all() noexcept;

    std::size_t in_flight() const noexcept { return in_flight_; }
    std::size_t made() const noexcept { return made_; }
    std::size_t failed() const noexcept { return failed_; }

  private:
    Task<void> carry_out(std::unique_ptr<Running> running);
    Task<void> send_in_time(Running& running);
    Task<void> send(Running& running);
    Task<void> send_plainly(Running& running);
    Task<void> send_by_policy(Running& running);
    void renew_session();
    void end(std::unique_ptr<Running> running);
    Policies& policies_of(const Running& running);
    static std::unique_ptr<SessionTrace> trace_for(const Settings& settings);
    static EventLoopOptions loop_options(SessionTrace* trace);

    Settings settings_;
    std::unique_ptr<SessionTrace> trace_;  ///< null: nothing is recorded
    http::CookieJar cookies_;
    std::unique_ptr<http::Session> session_;
    unsigned intercepts_;  ///< the generation that `session_` obeys
    Semaphore permits_;
    std::unique_ptr<Policies> policies_;    ///< null before a call needs them
    std::unique_ptr<Policies> only_hooks_;  ///< the same, where there are neither retries nor limits
    std::size_t in_flight_ = 0;
    std::size_t made_ = 0;
    std::size_t failed_ = 0;
    HostedLoop loop_;  // last: its tasks use the others
};

/// Counts the forks that led to this process: an engine of another generation belongs to a parent.
int process_generation() noexcept;

/// An engine that is left alone when the process is not the one that made it: its sockets are the parent's.
class OwnedEngine {
  public:
    explicit OwnedEngine(const Settings& settings)
        : engine_(std::make_unique<Engine>(settings)), generation_(process_generation()) {}
    OwnedEngine(const OwnedEngine&) = delete;
    OwnedEngine& operator=(const OwnedEngine&) = delete;
    ~OwnedEngine() { reset(); }

    bool is_own() const noexcept { return generation_ == process_generation(); }
    explicit operator bool() const noexcept { return engine_ != nullptr; }
    Engine& operator*() const noexcept { return *engine_; }
    Engine* operator->() const noexcept { return engine_.get(); }
    void reset() noexcept {
        if (is_own()) {
            engine_.reset();
        } else {
            static_cast<void>(engine_.release());
        }
    }

  private:
    std::unique_ptr<Engine> engine_;
    int generation_;
};

}  // namespace plait::python
