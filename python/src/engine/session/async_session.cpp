#include "session/async_session.hpp"

#include "session/call.hpp"
#include "values/errors.hpp"
#include "values/options.hpp"
#include <algorithm>
#include <utility>

namespace plait::python {

/// What the host's loop calls. The loop keeps it for as long as it watches the engine, and must not keep the session.
class LoopCallback {
  public:
    enum class What { turn, run_ready };

    LoopCallback(AsyncSession& session, What what) noexcept : session_(&session), what_(what) {}
    void forget() noexcept { session_ = nullptr; }
    void call() const {
        if (!session_) return;
        const nb::object kept = nb::find(*session_);  // the last call to end may be all that holds the session
        what_ == What::turn ? session_->turn() : session_->run_ready();
    }

  private:
    AsyncSession* session_;
    What what_;
};

namespace {

constexpr const char* closed_text = "the session is closed";
constexpr const char* closed_in_flight_text = "the session was closed while this call was on its way";
constexpr const char* other_process_text =
    "this session was made by the process from which this one was forked: make a new one here";
constexpr const char* other_loop_text =
    "this session lives in another event loop: make one in each loop (in each asyncio.run, inside of it), or use "
    "plait.BlockingSession, which any thread may use";

AsyncSession& session_of(PyObject* self) { return *nb::inst_ptr<AsyncSession>(self); }

nb::object callback(AsyncSession& session, LoopCallback::What what) { return nb::cast(LoopCallback(session, what)); }

/// Not in the limited API by name: asyncio's own, which returns None where no loop runs.
nb::object running_loop() {
    static PyObject* const function = [] { return python_name("asyncio", "_get_running_loop").release().ptr(); }();
    return nb::borrow(function)();
}

/// `get(url, **options)`. With a URL alone, where the session adds nothing to its calls, the call is made here, as by
/// `request` in Python, which makes all others: a frame of Python's would cost as much as all the rest of this.
PyObject* get(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) noexcept {
    try {
        const AsyncSession& session = instance_of<AsyncSession>(self);
        const bool is_url_alone = count == 1 && (!names || PyTuple_Size(names) == 0) && PyUnicode_Check(values[0]);
        if (is_url_alone && session.is_plain()) {
            Py_ssize_t size = 0;
            if (const char* const url = PyUnicode_AsUTF8AndSize(values[0], &size)) {
                auto request = std::make_unique<http::Request>(
                    request_from(session.settings(), "GET", {url, static_cast<std::size_t>(size)}, {}, {}, {}));
                return make_call(nb::borrow(self), std::move(request), {}, nullptr, nb::none()).release().ptr();
            }
            PyErr_Clear();  // a lone surrogate: `request` says so
        }
        static PyObject* const method = PyUnicode_InternFromString("GET");
        static PyObject* const name = PyUnicode_InternFromString("request");
        std::vector<PyObject*> arguments{self, method};
        arguments.insert(arguments.end(), values, values + count + (names ? PyTuple_Size(names) : 0));
        return PyObject_VectorcallMethod(name, arguments.data(), static_cast<std::size_t>(count) + 2, names);
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyMethodDef methods[] = {
    {"get", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&get)), METH_FASTCALL | METH_KEYWORDS,
     "get($self, url, **call)\n--\n\nA call of GET, which is made when it is awaited. It takes the options of "
     "`CallOptions`."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void wake_future(const Held& future) noexcept {
    const nb::object kept = nb::borrow(future.get());
    try {
        if (!nb::cast<bool>(kept.attr("done")())) kept.attr("set_result")(nb::none());
    } catch (nb::python_error& error) {
        error.discard_as_unraisable("plait: an answer could not be handed to the event loop");
    }
}

AsyncSession::AsyncSession(const nb::dict& options)
    : is_plain_(option<bool>(options, "is_plain").value_or(false)),
      callbacks_(options),
      settings_(callbacks_.with(settings_from(options))),
      engine_(settings_) {}

AsyncSession::~AsyncSession() {
    // No call is in flight here: it would hold the session.
    leave_loop();
}

void AsyncSession::check_process() const {
    if (!engine_.is_own()) raise(error_named("WrongLoop", other_process_text));
}

void AsyncSession::enter() {
    if (is_closed_) raise(error_named("SessionClosed", closed_text));
    check_process();
    const nb::object running = running_loop();
    if (loop_ && running.ptr() == loop_.get()) [[likely]]
        return;
    if (loop_ && !running.is_none()) raise(error_named("WrongLoop", other_loop_text));
    const nb::object host = python_name("plait._hosts", "current")();
    if (loop_) {
        if (!nb::cast<bool>(host.attr("is_in")(nb::borrow(loop_.get()))))
            raise(error_named("WrongLoop", other_loop_text));
        return;
    }
    on_readable_.set(callback(*this, LoopCallback::What::turn));
    on_soon_.set(callback(*this, LoopCallback::What::run_ready));
    host.attr("watch")(engine_->fd(), nb::borrow(on_readable_.get()));
    create_future_.set(host.attr("create_future"));
    call_soon_.set(host.attr("call_soon"));
    loop_.set(host.attr("identity"));
    has_asyncio_tasks_ = nb::cast<bool>(host.attr("has_asyncio_tasks"));
    if (has_asyncio_tasks_) {
        finished_future_.set(create_future());
        nb::borrow(finished_future_.get()).attr("set_result")(nb::none());
    }
    host_.set(host);
}

nb::object AsyncSession::create_future() const { return nb::borrow(create_future_.get())(); }

void AsyncSession::start(Call& call, std::unique_ptr<http::Request> request, std::optional<double> deadline,
                         std::unique_ptr<CallPolicy> policy) {
    engine_->start(call, std::move(request), duration_from(deadline), std::move(policy));
    Py_INCREF(call.self());
    call.place = in_flight_.size();
    in_flight_.push_back(&call);
    send_now();
}

void AsyncSession::send_now() {
    // A finalizer may start a call within a turn, which must not run another one.
    if (is_delivering_) {
        has_started_ = true;
    } else if (engine_->in_flight() <= most_eager && !engine_->loop().is_in_turn()) {
        engine_->loop().run_ready();
        deliver(true);  // a task runs
    } else {
        schedule();
    }
}

void AsyncSession::schedule() {
    if (std::exchange(is_scheduled_, true)) return;
    nb::borrow(call_soon_.get())(nb::borrow(on_soon_.get()));
}

void AsyncSession::give_up(Call& call) {
    if (!call.is_in_flight() || !engine_.is_own()) return;
    engine_->give_up(call);
    forget(call);
    if (!is_closed_) schedule();
}

void AsyncSession::forget(Call& call) noexcept {
    Call* const last = in_flight_.back();
    in_flight_[call.place] = last;
    last->place = call.place;
    in_flight_.pop_back();
    Py_DECREF(call.self());
}

void AsyncSession::turn() {
    if (!engine_ || !engine_.is_own() || engine_->loop().is_in_turn()) return;
    engine_->loop().turn();
    deliver_and_send();
}

void AsyncSession::run_ready() {
    is_scheduled_ = false;
    if (!engine_ || !engine_.is_own() || engine_->loop().is_in_turn()) return;
    engine_->loop().run_ready();
    deliver_and_send();
}

void AsyncSession::deliver_and_send() {
    is_delivering_ = true;
    const nb::object passing = deliver(false);
    is_delivering_ = false;
    if (std::exchange(has_started_, false) && engine_ && engine_.is_own()) {
        engine_->loop().run_ready();
        if (!ended_.empty()) schedule();  // not now: calls that fail at once must not keep the loop from others
    }
    if (passing.is_valid()) raise(passing);
}

nb::object AsyncSession::deliver(bool soon) {
    // What runs in `wake` may do anything, such as close the session: so it does not see these calls.
    std::vector<nb::object> ended;
    ended.reserve(ended_.size());
    for (Call* const call : std::exchange(ended_, {})) {
        ended.push_back(nb::borrow(call->self()));
        forget(*call);
    }
    nb::object passing;  // KeyboardInterrupt or SystemExit: the other tasks go on first
    for (const nb::object& call : ended) {
        try {
            nb::inst_ptr<Call>(call)->wake(soon);
        } catch (nb::python_error& error) {
            passing = nb::borrow(error.value());
        }
    }
    tell_listeners();
    return passing;
}

void AsyncSession::tell_listeners() {
    if (listeners_.empty()) return;
    const std::vector<TurnListener*> listeners = listeners_;
    for (TurnListener* const listener : listeners) {
        if (std::find(listeners_.begin(), listeners_.end(), listener) != listeners_.end()) listener->after_turn();
    }
}

void AsyncSession::close() {
    if (engine_ && engine_.is_own() && engine_->loop().is_in_turn())
        raise(PyExc_RuntimeError, "a session can't be closed by one of its hooks");
    if (std::exchange(is_closed_, true)) return;
    if (!engine_.is_own()) return engine_.reset();
    deliver(true);
    const std::vector<Call*> calls = in_flight_;
    for (Call* const call : calls) engine_->give_up(*call);
    for (Call* const call : calls) {
        call->fail(error_named("SessionClosed", closed_in_flight_text));
        forget(*call);
    }
    for (TurnListener* const listener : std::exchange(listeners_, {})) listener->session_closed();
    leave_loop();
    engine_.reset();
}

void AsyncSession::leave_loop() noexcept {
    if (!host_) return;
    for (const Held* held : {&on_readable_, &on_soon_}) {
        if (*held) nb::inst_ptr<LoopCallback>(held->get())->forget();
    }
    try {
        if (engine_ && engine_.is_own()) nb::borrow(host_.get()).attr("leave")(engine_->fd());
    } catch (nb::python_error& error) {
        // While the interpreter ends, its garbage collector takes the loop apart, and then the session.
        if (!error.matches(PyExc_AttributeError))
            error.discard_as_unraisable("plait: a session could not leave its event loop");
    }
    host_.clear();
}

nb::dict AsyncSession::statistics() const {
    nb::dict result;
    const bool lives = engine_ && engine_.is_own();
    result["in_flight"] = lives ? engine_->in_flight() : 0;
    result["made"] = lives ? engine_->made() : 0;
    result["failed"] = lives ? engine_->failed() : 0;
    return result;
}

int AsyncSession::traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (!nb::inst_ready(self)) return 0;
    const AsyncSession& session = session_of(self);
    for (const Call* call : session.in_flight_) Py_VISIT(call->self());
    for (const Held* held : {&session.host_, &session.loop_, &session.create_future_, &session.finished_future_,
                             &session.call_soon_, &session.on_readable_, &session.on_soon_})
        Py_VISIT(held->get());
    return session.callbacks_.traverse(visit, arg);
}

int AsyncSession::clear(PyObject* self) {
    if (!nb::inst_ready(self)) return 0;
    AsyncSession& session = session_of(self);
    session.leave_loop();
    session.is_closed_ = true;
    if (session.engine_.is_own()) {
        for (Call* const call : session.in_flight_) session.engine_->give_up(*call);
    }
    session.ended_.clear();
    const std::vector<Call*> calls = std::exchange(session.in_flight_, {});
    for (Call* const call : calls) Py_DECREF(call->self());
    for (Held* held : {&session.host_, &session.loop_, &session.create_future_, &session.finished_future_,
                       &session.call_soon_, &session.on_readable_, &session.on_soon_})
        held->clear();
    session.callbacks_.clear();
    return 0;
}

void register_async_session(nb::module_& module) {
    nb::class_<LoopCallback>(module, "LoopCallback").def("__call__", &LoopCallback::call);

    static PyType_Slot slots[] = {{Py_tp_methods, methods},
                                  {Py_tp_traverse, reinterpret_cast<void*>(&AsyncSession::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&AsyncSession::clear)},
                                  {0, nullptr}};
    nb::class_<AsyncSession>(module, "AsyncSession", nb::type_slots(slots), nb::is_weak_referenceable())
        .def(nb::init<const nb::dict&>())
        .def(
            "_call",
            [](nb::handle self, std::string method, std::string_view url, const std::optional<Fields>& headers,
               std::optional<nb::bytes> body, std::optional<double> attempt, std::optional<double> deadline,
               nb::object request, const nb::object& policy) {
                auto to_send = std::make_unique<http::Request>(request_from(
                    session_of(self.ptr()).settings(), std::move(method), url, headers, std::move(body), attempt));
                return make_call(nb::borrow(self), std::move(to_send), deadline, policy_from(policy),
                                 std::move(request));
            },
            nb::arg("method"), nb::arg("url"), nb::arg("headers") = nb::none(), nb::arg("body") = nb::none(),
            nb::arg("attempt") = nb::none(), nb::arg("deadline") = nb::none(), nb::arg("request") = nb::none(),
            nb::arg("policy") = nb::none())
        .def("_close", &AsyncSession::close)
        .def_prop_ro("closed", &AsyncSession::is_closed)
        .def_prop_ro("statistics", &AsyncSession::statistics);
}

}  // namespace plait::python
