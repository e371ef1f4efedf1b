#pragma once

// The one place that includes nanobind: Python's macros and the casters that the module needs.

#include <cxxabi.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nb = nanobind;

namespace plait::python {

/// Header fields as Python gives them.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// Calls `function`, which takes Python's lock or runs Python code. While the interpreter ends, Python up to 3.13 ends
/// a (daemon) thread that asks for the lock by `pthread_exit`, which unwinds its stack without the lock: the first
/// `noexcept` function or reference on it would end the program by a signal. Such a thread stops here instead, as
/// Python 3.14 has it.
template <typename Function>
auto stay_at_exit(Function function) {
    try {
        return function();
    } catch (abi::__forced_unwind&) {
        for (;;) ::pause();
    }
}

/// An attribute of a module of this package, such as `("plait._errors", "from_engine")`. Not for hot paths.
inline nb::object python_name(const char* module, const char* name) {
    return stay_at_exit([&] { return nb::object(nb::module_::import_(module).attr(name)); });
}

inline nb::str to_str(std::string_view text) { return nb::str(text.data(), text.size()); }

/// Text of foreign origin: bytes that are not UTF-8 are read as Latin-1, as HTTP has it (RFC 9110, section 5.5).
inline nb::object to_lenient_str(std::string_view text) {
    PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
    if (!decoded) {
        PyErr_Clear();
        decoded = PyUnicode_DecodeLatin1(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
    }
    if (!decoded) nb::raise_python_error();
    return nb::steal(decoded);
}

inline nb::bytes to_bytes(std::string_view text) { return nb::bytes(text.data(), text.size()); }

/// The C++ object of a Python one. Throws TypeError unless it was made as it should: `Class.__new__(Class)` alone
/// leaves memory that is no object. For slots, which Python calls without nanobind.
template <class T>
T& instance_of(PyObject* self) {
    if (!nb::inst_ready(self)) throw nb::type_error("this object was not made by a call of its class");
    return *nb::inst_ptr<T>(self);
}

/// A reference to a Python object that is held by an object of the engine, and known to Python's garbage collector.
class Held {
  public:
    Held() noexcept = default;
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { clear(); }

    void set(nb::object object) noexcept {
        PyObject* const before = object_;
        object_ = object.release().ptr();
        Py_XDECREF(before);
    }
    void clear() noexcept { Py_CLEAR(object_); }
    PyObject* get() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

  private:
    PyObject* object_ = nullptr;
};

/// Python's lock is released as long as this lives: in place of `nb::gil_scoped_release`, for the reason above.
class Unlocked {
  public:
    Unlocked() noexcept : state_(PyEval_SaveThread()) {}
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;
    ~Unlocked() {
        stay_at_exit([this] { PyEval_RestoreThread(state_); });
    }

  private:
    PyThreadState* state_;
};

/// Python's lock is held as long as this lives, taken or held before: in place of `nb::gil_scoped_acquire`.
class Locked {
  public:
    Locked() noexcept : state_(stay_at_exit([] { return PyGILState_Ensure(); })) {}
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked() { PyGILState_Release(state_); }

  private:
    PyGILState_STATE state_;
};

/// Takes the exception that Python has set.
inline nb::object taken_exception() {
#if PY_VERSION_HEX >= 0x030c0000
    return nb::steal(PyErr_GetRaisedException());
#else
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* trace = nullptr;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace) PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return nb::steal(value);
#endif
}

}  // namespace plait::python
