#include "session/call.hpp"

#include "session/async_session.hpp"
#include "session/task_waiter.hpp"
#include "values/errors.hpp"
#include "values/response.hpp"
#include <utility>

namespace plait::python {

namespace {

nb::object iterator_of(const nb::object& awaitable) {
    auto await = reinterpret_cast<unaryfunc>(PyType_GetSlot(Py_TYPE(awaitable.ptr()), Py_am_await));
    if (!await) throw nb::type_error("the loop's future can't be awaited");
    nb::object iterator = nb::steal(await(awaitable.ptr()));
    if (!iterator.is_valid()) nb::raise_python_error();
    return iterator;
}

/// `value` is a response: Python would take a tuple for the arguments of the exception.
void set_stop_iteration(const nb::object& value) { PyErr_SetObject(PyExc_StopIteration, value.ptr()); }

Call& call_of(PyObject* self) { return *nb::inst_ptr<Call>(self); }

PySendResult send_slot(PyObject* self, PyObject* value, PyObject** result) noexcept {
    try {
        const nb::object kept = nb::borrow(self);
        return instance_of<Call>(self).send(value, result);
    } catch (...) {
        set_python_error();
        *result = nullptr;
        return PYGEN_ERROR;
    }
}

PyObject* next_slot(PyObject* self) {
    PyObject* result = nullptr;
    switch (send_slot(self, Py_None, &result)) {
        case PYGEN_NEXT:
            return result;
        case PYGEN_RETURN:
            set_stop_iteration(nb::steal(result));
            return nullptr;
        default:
            return nullptr;
    }
}

PyObject* get_name(PyObject* self, void*) noexcept {
    try {
        return to_lenient_str(instance_of<Call>(self).name()).release().ptr();
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyObject* self_slot(PyObject* self) { return Py_NewRef(self); }

nb::object send_method(nb::handle self, nb::object value) {
    PyObject* result = nullptr;
    switch (send_slot(self.ptr(), value.ptr(), &result)) {
        case PYGEN_NEXT:
            return nb::steal(result);
        case PYGEN_RETURN:
            set_stop_iteration(nb::steal(result));
            break;
        default:
            break;
    }
    nb::raise_python_error();
}

}  // namespace

Call::Call(nb::object session, std::unique_ptr<http::Request> to_send, std::optional<double> deadline,
           std::unique_ptr<CallPolicy> policy, nb::object given)
    : to_send_(std::move(to_send)), deadline_(deadline), policy_(std::move(policy)) {
    if (policy_) raise_for_status_ = policy_->raise_for_status;
    session_.set(std::move(session));
    if (!given.is_none()) given_.set(std::move(given));
}

Call::~Call() { warn_if_forgotten(); }  // a call in flight has a reference, so this one is not

void Call::warn_if_forgotten() const noexcept {
    if (state_ != State::created || is_expected_ || !session_ || session().is_closed()) return;
    const nb::error_scope kept;  // what drops the call may be an exception on its way
    if (PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "call '%s' was never awaited", name().c_str()) != 0)
        PyErr_WriteUnraisable(nb::type<Call>().ptr());
}

AsyncSession& Call::session() const { return *nb::inst_ptr<AsyncSession>(session_.get()); }

void Call::on_end() noexcept { session().ended(*this); }

PySendResult Call::send(PyObject* value, PyObject** result) {
    is_expected_ = true;
    if (state_ == State::done) raise(PyExc_RuntimeError, "a call is awaited once: make another one");
    if (state_ == State::created) {
        if (value != Py_None) throw nb::type_error("can't send a value to a call that has not begun");
        return start(result);
    }
    if (waiter_) return outcome(result);
    const PySendResult stepped = PyIter_Send(iterator_.get(), value, result);
    if (stepped == PYGEN_NEXT) return stepped;
    if (stepped == PYGEN_ERROR) give_up_and_raise();
    Py_CLEAR(*result);
    return outcome(result);
}

void Call::give_up_and_raise() {
    const nb::python_error error;  // taken out of Python, whose code must not run with an error set
    give_up();
    throw error;
}

PySendResult Call::start(PyObject** result) {
    session().enter();
    state_ = State::waiting;
    session().start(*this, std::move(to_send_), deadline_, std::move(policy_));
    if (!is_in_flight()) return outcome(result);  // it failed at once
    if (session().has_asyncio_tasks()) {
        waiter_.set(make_task_waiter(session().loop()));
        *result = Py_NewRef(waiter_.get());
        return PYGEN_NEXT;
    }
    future_.set(session().create_future());
    iterator_.set(iterator_of(nb::borrow(future_.get())));
    const PySendResult stepped = PyIter_Send(iterator_.get(), Py_None, result);
    if (stepped == PYGEN_ERROR) give_up_and_raise();
    return stepped;
}

PySendResult Call::outcome(PyObject** result) {
    if (!error_ && is_in_flight()) {
        give_up();
        raise(PyExc_RuntimeError, "a call was resumed before its answer came, by something else than its loop");
    }
    const nb::object kept = nb::borrow(self_);
    finish();
    if (error_) raise(nb::borrow(error_.get()));
    if (!response) raise(error_of(*this, given_.get()));
    const bool check = raise_for_status_.value_or(session().settings().raise_for_status);
    nb::object answer = make_response(*this, given_.get());
    if (check) answer.attr("raise_for_status")();
    *result = answer.release().ptr();
    return PYGEN_RETURN;
}

nb::object Call::throw_(nb::object type, nb::object value, nb::object traceback) {
    if (state_ == State::waiting && waiter_) {
        give_up();
    } else if (state_ == State::waiting) {
        // The future's own clean-up first, such as that of a cancelled future. It may also go on to wait.
        try {
            nb::object thrown = nb::borrow(iterator_.get()).attr("throw")(type, value, traceback);
            return thrown;
        } catch (nb::python_error& error) {
            if (error.matches(PyExc_StopIteration)) {
                PyObject* result = nullptr;
                error.restore();
                PyErr_Clear();
                outcome(&result);
                set_stop_iteration(nb::steal(result));
                nb::raise_python_error();
            }
            give_up();
            throw;
        }
    }
    state_ = State::done;
    nb::object error = type;
    if (PyType_Check(type.ptr()))
        error = value.is_none() ? type() : (PyObject_IsInstance(value.ptr(), type.ptr()) == 1 ? value : type(value));
    if (!traceback.is_none()) error = error.attr("with_traceback")(traceback);
    raise(error);
}

void Call::close() {
    if (state_ == State::waiting) {
        const nb::object iterator = nb::borrow(iterator_.get());
        give_up();
        if (iterator.is_valid() && nb::hasattr(iterator, "close")) iterator.attr("close")();
    }
    state_ = State::done;
}

void Call::give_up() {
    const nb::object kept = nb::borrow(self_);
    session().give_up(*this);
    finish();
}

void Call::finish() noexcept {
    state_ = State::done;
    iterator_.clear();
    future_.clear();
    waiter_.clear();
}

void Call::wake(bool soon) {
    // Neither: it ended before it began to wait.
    if (future_) wake_future(future_);
    if (!waiter_) return;
    const nb::object waiter = nb::borrow(waiter_.get());
    soon ? resume_task_soon(waiter.ptr()) : resume_task(waiter.ptr(), session().finished_future());
}

std::string Call::name() const {
    const http::Request* known = to_send_ ? to_send_.get() : in_flight();
    if (!known && request) known = &*request;
    if (!known) return "plait.Call";
    return known->method() + " " + std::string(known->url.without_query());
}

void Call::fail(nb::object error) {
    error_.set(std::move(error));
    wake(true);
}

int Call::traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (!nb::inst_ready(self)) return 0;
    const Call& call = call_of(self);
    Py_VISIT(call.session_.get());
    Py_VISIT(call.given_.get());
    Py_VISIT(call.future_.get());
    Py_VISIT(call.iterator_.get());
    Py_VISIT(call.waiter_.get());
    Py_VISIT(call.error_.get());
    return 0;
}

int Call::clear(PyObject* self) {
    if (!nb::inst_ready(self)) return 0;
    Call& call = call_of(self);
    call.state_ = State::done;
    call.given_.clear();
    call.future_.clear();
    call.iterator_.clear();
    call.waiter_.clear();
    call.error_.clear();
    // Not the session: the call may be in flight until the session is cleared, too.
    if (!call.is_in_flight()) call.session_.clear();
    return 0;
}

nb::object make_call(nb::object session, std::unique_ptr<http::Request> request, std::optional<double> deadline,
                     std::unique_ptr<CallPolicy> policy, nb::object given) {
    nb::object call = nb::inst_alloc(nb::type<Call>());
    new (nb::inst_ptr<Call>(call))
        Call(std::move(session), std::move(request), deadline, std::move(policy), std::move(given));
    call_of(call.ptr()).set_self(call.ptr());
    nb::inst_mark_ready(call);
    return call;
}

void register_call(nb::module_& module) {
    // Not a property: as an attribute of the class, `__name__` is its own name.
    static PyGetSetDef attributes[] = {{"__name__", &get_name, nullptr, nullptr, nullptr},
                                       {nullptr, nullptr, nullptr, nullptr, nullptr}};
    static PyType_Slot slots[] = {{Py_tp_getset, attributes},
                                  {Py_tp_traverse, reinterpret_cast<void*>(&Call::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&Call::clear)},
                                  {Py_am_send, reinterpret_cast<void*>(&send_slot)},
                                  {Py_am_await, reinterpret_cast<void*>(&self_slot)},
                                  {Py_tp_iter, reinterpret_cast<void*>(&self_slot)},
                                  {Py_tp_iternext, reinterpret_cast<void*>(&next_slot)},
                                  {0, nullptr}};
    nb::class_<Call>(module, "Call", nb::type_slots(slots), nb::is_weak_referenceable(), nb::is_generic())
        .def("send", &send_method, nb::arg().none())
        .def(
            "throw",
            [](nb::handle self, nb::object type, nb::object value, nb::object traceback) {
                const nb::object kept = nb::borrow(self);
                return instance_of<Call>(self.ptr()).throw_(std::move(type), std::move(value), std::move(traceback));
            },
            nb::arg(), nb::arg().none() = nb::none(), nb::arg().none() = nb::none())
        .def("_expect", &Call::expect)
        .def("close", [](nb::handle self) {
            const nb::object kept = nb::borrow(self);
            instance_of<Call>(self.ptr()).close();
        });
}

}  // namespace plait::python
