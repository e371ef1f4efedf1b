#pragma once

#include "core/engine.hpp"
#include "values/python.hpp"
#include <cstddef>
#include <optional>
#include <string>

namespace plait::python {

class AsyncSession;

/// A request that is sent when it is awaited: a coroutine in the sense of `collections.abc`.
///
/// In asyncio, its task waits by a waiter (task_waiter.hpp); elsewhere by a future of the host's, which it drives as
/// `await` would. `throw` is how a task is cancelled: the call is then given up.
class Call final : public Caller {
  public:
    Call(nb::object session, std::unique_ptr<http::Request> to_send, std::optional<double> deadline,
         std::unique_ptr<CallPolicy> policy, nb::object given);
    ~Call();

    void on_end() noexcept override;

    /// As the slot `am_send`.
    PySendResult send(PyObject* value, PyObject** result);
    nb::object throw_(nb::object type, nb::object value, nb::object traceback);
    void close();

    /// The session calls it after the turn in which the call has ended. What waits for it goes on, or does so `soon`.
    /// Throws what the task lets through.
    void wake(bool soon);
    /// Ends the call with `SessionClosed`, or whatever is the reason.
    void fail(nb::object error);

    /// The call is in other hands, which may have a reason not to await it: see `warn_if_forgotten`.
    void expect() noexcept { is_expected_ = true; }

    /// The request line without its query, for the names of tasks.
    std::string name() const;

    PyObject* self() const noexcept { return self_; }
    void set_self(PyObject* self) noexcept { self_ = self; }
    std::size_t place = 0;  ///< in the session's list of calls in flight

    static int traverse(PyObject* self, visitproc visit, void* arg);
    static int clear(PyObject* self);

  private:
    enum class State { created, waiting, done };

    AsyncSession& session() const;
    PySendResult start(PyObject** result);
    PySendResult outcome(PyObject** result);
    void give_up();
    [[noreturn]] void give_up_and_raise();
    void finish() noexcept;
    /// A call that is dropped as it was made is a forgotten `await`: a `RuntimeWarning`, as of coroutines.
    void warn_if_forgotten() const noexcept;

    State state_ = State::created;
    bool is_expected_ = false;
    PyObject* self_ = nullptr;  // not a reference
    Held session_;
    Held given_;  // the request as the user gave it, or null
    Held future_;
    Held iterator_;  // of the future
    Held waiter_;    // of asyncio's task, instead of a future
    Held error_;
    std::unique_ptr<http::Request> to_send_;
    std::optional<double> deadline_;
    std::unique_ptr<CallPolicy> policy_;
    std::optional<bool> raise_for_status_;
};

nb::object make_call(nb::object session, std::unique_ptr<http::Request> request, std::optional<double> deadline,
                     std::unique_ptr<CallPolicy> policy, nb::object given);

void register_call(nb::module_& module);

}  // namespace plait::python
