#pragma once

#include "core/engine.hpp"
#include "values/python.hpp"

namespace plait::python {

/// The Python exception for a failure. `request` is null or what the caller gave.
nb::object error_of(const Failure& failure, PyObject* request);

/// The Python exception for a call that has failed. `given` is null or the request that the caller gave.
nb::object error_of(const Caller& caller, PyObject* given);

/// An exception of `plait._errors`, such as `SessionClosed`, with this text.
nb::object error_named(const char* name, const char* text);

/// Throws the Python exception `error`.
[[noreturn]] void raise(const nb::object& error);
[[noreturn]] void raise(PyObject* type, const char* text);

/// Makes the C++ exception that is being handled Python's: for functions that Python calls without nanobind.
void set_python_error() noexcept;

/// Lets nanobind turn the engine's errors into Python's.
void register_errors();

}  // namespace plait::python
