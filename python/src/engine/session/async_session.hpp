#pragma once

#include "core/engine.hpp"
#include "hooks/callbacks.hpp"
#include "values/python.hpp"
#include "values/settings.hpp"
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plait::python {

class Call;
class LoopCallback;

/// Wants to know of the turns of a session.
class TurnListener {
  public:
    /// After a turn: may wake futures.
    virtual void after_turn() = 0;
    /// The session was closed, and its calls are gone.
    virtual void session_closed() noexcept = 0;

  protected:
    ~TurnListener() = default;
};

/// Makes `future`, of an event loop, done.
void wake_future(const Held& future) noexcept;

/// A session as a guest in a Python event loop: the base of `plait.Session`.
///
/// It enters the loop at its first call: the loop then watches the engine's descriptor. Answers are handed over after
/// each turn, since no Python code may run in one: the tasks that wait for them go on within the loop's callback. While
/// few calls are in flight, a call is sent at once; from then on, those of one iteration of the loop are sent together,
/// at its end.
class AsyncSession {
  public:
    explicit AsyncSession(const nb::dict& options);
    AsyncSession(const AsyncSession&) = delete;
    AsyncSession& operator=(const AsyncSession&) = delete;
    ~AsyncSession();

    const Settings& settings() const noexcept { return settings_; }
    /// Whether a URL is all that a call needs: Python code adds nothing to it.
    bool is_plain() const noexcept { return is_plain_; }

    /// Throws `WrongLoop`, `SessionClosed` or a RuntimeError unless the session can be used here and now.
    void enter();
    /// Starts the call and sends what is to be sent at once.
    void start(Call& call, std::unique_ptr<http::Request> request, std::optional<double> deadline,
               std::unique_ptr<CallPolicy> policy);
    void give_up(Call& call);

    /// A new future of the loop.
    nb::object create_future() const;
    PyObject* loop() const noexcept { return loop_.get(); }
    /// A future of the loop that has a result, if its tasks are those of asyncio.
    PyObject* finished_future() const noexcept { return finished_future_.get(); }
    bool has_asyncio_tasks() const noexcept { return has_asyncio_tasks_; }

    /// For callbacks of the loop, in which no task runs.
    void turn();
    void run_ready();
    /// Sends what was started: at once, or at the end of the loop's iteration if that is cheaper.
    void send_now();

    Engine& engine() const noexcept { return *engine_; }
    bool is_usable() const noexcept { return !is_closed_ && engine_.is_own(); }
    void add(TurnListener& listener) { listeners_.push_back(&listener); }
    void remove(TurnListener& listener) noexcept { std::erase(listeners_, &listener); }

    /// Ends the calls in flight with `SessionClosed`. Idempotent.
    void close();
    bool is_closed() const noexcept { return is_closed_; }

    nb::dict statistics() const;

    /// Called in a turn.
    void ended(Call& call) { ended_.push_back(&call); }

    static int traverse(PyObject* self, visitproc visit, void* arg);
    static int clear(PyObject* self);

  private:
    void check_process() const;
    void schedule();
    void deliver_and_send();
    nb::object deliver(bool soon);
    void tell_listeners();
    void forget(Call& call) noexcept;
    void leave_loop() noexcept;

    static constexpr std::size_t most_eager = 4;

    const bool is_plain_;
    Callbacks callbacks_;
    Settings settings_;
    OwnedEngine engine_;
    bool is_closed_ = false;
    bool is_scheduled_ = false;
    bool has_asyncio_tasks_ = false;
    bool is_delivering_ = false;
    bool has_started_ = false;      ///< calls, while delivering
    std::vector<Call*> in_flight_;  ///< each holds a reference to itself as long as it is here
    std::vector<Call*> ended_;
    std::vector<TurnListener*> listeners_;
    Held host_;  ///< of `plait._hosts`
    Held loop_;
    Held create_future_;
    Held finished_future_;
    Held call_soon_;
    Held on_readable_;  ///< what the loop calls: it knows the session, but does not keep it alive
    Held on_soon_;
};

void register_async_session(nb::module_& module);

}  // namespace plait::python
