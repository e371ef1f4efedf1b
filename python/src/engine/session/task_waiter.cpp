#include "session/task_waiter.hpp"

#include <structmember.h>

#include "values/errors.hpp"
#include <cstddef>
#include <utility>

namespace plait::python {

namespace {

enum class State : char { pending, done, cancelled };

struct Waiter {
    PyObject_HEAD  // a macro
        PyObject* loop;
    PyObject* callback;  // of the task, until it is called
    PyObject* context;
    PyObject* message;  // of the cancellation, or null
    char is_awaited;    // `_asyncio_future_blocking`
    State state;
};

// Not references that anything else must let go: they live as long as the process.
PyObject* waiter_type = nullptr;
PyObject* run_name = nullptr;

Waiter& waiter_of(PyObject* self) { return *reinterpret_cast<Waiter*>(self); }

/// Calls `context.run(callback, future)`.
void call_back(Waiter& waiter, PyObject* future) {
    PyObject* const callback = std::exchange(waiter.callback, nullptr);
    if (!callback) return;
    const nb::object kept = nb::steal(callback);
    const nb::object context = nb::steal(std::exchange(waiter.context, nullptr));
    PyObject* const arguments[] = {context.ptr(), callback, future};
    const nb::object result = nb::steal(PyObject_VectorcallMethod(run_name, arguments, 3, nullptr));
    if (!result.is_valid()) nb::raise_python_error();
}

/// Lets the loop do so.
void call_back_soon(Waiter& waiter) {
    PyObject* const callback = std::exchange(waiter.callback, nullptr);
    if (!callback) return;
    const nb::object kept = nb::steal(callback);
    const nb::object context = nb::steal(std::exchange(waiter.context, nullptr));
    nb::borrow(waiter.loop)
        .attr("call_soon")(kept, nb::borrow(reinterpret_cast<PyObject*>(&waiter)), nb::arg("context") = context);
}

/// The argument named `name`, whether or not it is given by its name; null: not given.
PyObject* argument(const char* name, PyObject* const* values, Py_ssize_t count, Py_ssize_t position, PyObject* names) {
    if (count > position) return values[position];
    const Py_ssize_t named = names ? PyTuple_Size(names) : 0;
    for (Py_ssize_t n = 0; n < named; ++n) {
        if (PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, n), name) == 0) return values[count + n];
    }
    return nullptr;
}

/// `add_done_callback(callback, *, context)`
PyObject* add_done_callback(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) noexcept {
    try {
        Waiter& waiter = waiter_of(self);
        PyObject* const context = argument("context", values, count, 1, names);
        if (count < 1 || !context) raise(PyExc_TypeError, "what a call waits by takes the callbacks of tasks only");
        if (waiter.callback) raise(PyExc_RuntimeError, "what a call waits by is for one task");
        waiter.callback = Py_NewRef(values[0]);
        waiter.context = Py_NewRef(context);
        if (waiter.state != State::pending) call_back_soon(waiter);
        Py_RETURN_NONE;
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

/// `cancel(msg=None)`
PyObject* cancel(PyObject* self, PyObject* const* values, Py_ssize_t count, PyObject* names) noexcept {
    try {
        Waiter& waiter = waiter_of(self);
        if (waiter.state != State::pending) Py_RETURN_FALSE;
        waiter.state = State::cancelled;
        waiter.message = Py_XNewRef(argument("msg", values, count, 0, names));
        call_back_soon(waiter);
        Py_RETURN_TRUE;
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyObject* result(PyObject* self, PyObject*) noexcept {
    try {
        Waiter& waiter = waiter_of(self);
        if (waiter.state == State::done) Py_RETURN_NONE;
        if (waiter.state == State::pending) raise(PyExc_RuntimeError, "the answer has not come");
        const nb::object kind = python_name("asyncio", "CancelledError");
        raise(waiter.message && waiter.message != Py_None ? kind(nb::borrow(waiter.message)) : kind());
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyObject* get_loop(PyObject* self, PyObject*) noexcept { return Py_NewRef(waiter_of(self).loop); }

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    const Waiter& waiter = waiter_of(self);
    Py_VISIT(waiter.loop);
    Py_VISIT(waiter.callback);
    Py_VISIT(waiter.context);
    Py_VISIT(waiter.message);
    return 0;
}

int clear(PyObject* self) {
    Waiter& waiter = waiter_of(self);
    Py_CLEAR(waiter.loop);
    Py_CLEAR(waiter.callback);
    Py_CLEAR(waiter.context);
    Py_CLEAR(waiter.message);
    return 0;
}

void deallocate(PyObject* self) {
    PyObject* const type = reinterpret_cast<PyObject*>(Py_TYPE(self));
    PyObject_GC_UnTrack(self);
    clear(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

template <class Function>
PyCFunction as_method(Function* function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

}  // namespace

nb::object make_task_waiter(PyObject* loop) {
    Waiter* const waiter = PyObject_GC_New(Waiter, reinterpret_cast<PyTypeObject*>(waiter_type));
    if (!waiter) nb::raise_python_error();
    waiter->loop = Py_NewRef(loop);
    waiter->callback = nullptr;
    waiter->context = nullptr;
    waiter->message = nullptr;
    waiter->is_awaited = 1;
    waiter->state = State::pending;
    PyObject_GC_Track(waiter);
    return nb::steal(reinterpret_cast<PyObject*>(waiter));
}

void resume_task(PyObject* self, PyObject* finished) {
    Waiter& waiter = waiter_of(self);
    if (waiter.state != State::pending) return;
    waiter.state = State::done;
    call_back(waiter, finished);
}

void resume_task_soon(PyObject* self) {
    Waiter& waiter = waiter_of(self);
    if (waiter.state != State::pending) return;
    waiter.state = State::done;
    call_back_soon(waiter);
}

void register_task_waiter() {
    static PyMethodDef methods[] = {
        {"add_done_callback", as_method(&add_done_callback), METH_FASTCALL | METH_KEYWORDS, nullptr},
        {"cancel", as_method(&cancel), METH_FASTCALL | METH_KEYWORDS, nullptr},
        {"get_loop", as_method(&get_loop), METH_NOARGS, nullptr},
        {"result", as_method(&result), METH_NOARGS, nullptr},
        {nullptr, nullptr, 0, nullptr}};
    static PyMemberDef members[] = {{"_asyncio_future_blocking", T_BOOL, offsetof(Waiter, is_awaited), 0, nullptr},
                                    {nullptr, 0, 0, 0, nullptr}};
    static PyType_Slot slots[] = {{Py_tp_methods, methods},
                                  {Py_tp_members, members},
                                  {Py_tp_traverse, reinterpret_cast<void*>(&traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&clear)},
                                  {Py_tp_dealloc, reinterpret_cast<void*>(&deallocate)},
                                  {0, nullptr}};
    static PyType_Spec spec = {"plait._engine.TaskWaiter", sizeof(Waiter), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                               slots};
    waiter_type = PyType_FromSpec(&spec);
    run_name = PyUnicode_InternFromString("run");
    if (!waiter_type || !run_name) nb::raise_python_error();
}

}  // namespace plait::python
