#include "values/errors.hpp"

#include "plait/base/error.hpp"
#include "plait/http/send_error.hpp"

#include "values/response.hpp"
#include <chrono>
#include <exception>

namespace plait::python {

namespace {

void set_error(const nb::object& error) noexcept {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
}

void set_error_of(const Failure& failure) noexcept {
    try {
        set_error(error_of(failure, nullptr));
    } catch (nb::python_error& error) {
        error.restore();
    }
}

/// Null: it is none of the engine's.
bool set_engine_error(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const http::SendError& failed) {
        set_error_of(Failure(failed.code(), failed.what(), failed.maybe_sent()));
    } catch (const Error& failed) {
        set_error_of(Failure(failed.code(), failed.what(), false));
    } catch (...) {
        return false;
    }
    return true;
}

}  // namespace

namespace {

nb::object thrown_by_hook(const Failure& failure) {
    try {
        std::rethrow_exception(failure.thrown);
    } catch (const nb::python_error& error) {
        return nb::borrow(error.value());
    } catch (const std::exception& error) {
        return error_named("Error", error.what());
    }
}

}  // namespace

nb::object error_of(const Failure& failure, PyObject* request) {
    if (failure.thrown) return thrown_by_hook(failure);
    return stay_at_exit([&] {
        return python_name("plait._errors", "from_engine")(to_string(failure.code), failure.text, failure.maybe_sent,
                                                           request ? nb::borrow(request) : nb::none());
    });
}

nb::object error_of(const Caller& caller, PyObject* given) {
    nb::object request = nb::borrow(given);
    if (!given) request = sent_request(*caller.request);
    nb::object error = error_of(caller.failure, request.ptr());
    if (caller.failure.retry_after && nb::hasattr(error, "retry_after"))
        error.attr("retry_after") = std::chrono::duration<double>(*caller.failure.retry_after).count();
    if (caller.attempts > 0 && nb::hasattr(error, "attempts")) error.attr("attempts") = caller.attempts;
    return error;
}

nb::object error_named(const char* name, const char* text) { return python_name("plait._errors", name)(text); }

void raise(const nb::object& error) {
    set_error(error);
    nb::raise_python_error();
}

void raise(PyObject* type, const char* text) {
    PyErr_SetString(type, text);
    nb::raise_python_error();
}

void set_python_error() noexcept {
    try {
        throw;
    } catch (nb::python_error& error) {
        error.restore();
    } catch (const nb::builtin_exception& error) {
        PyErr_SetString(PyExc_TypeError, error.what());
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& error) {
        if (!set_engine_error(std::current_exception())) PyErr_SetString(PyExc_RuntimeError, error.what());
    } catch (...) {
        PyErr_SetString(PyExc_RuntimeError, "plait: an unknown error");
    }
}

void register_errors() {
    nb::register_exception_translator([](const std::exception_ptr& error, void*) {
        if (!set_engine_error(error)) std::rethrow_exception(error);
    });
}

}  // namespace plait::python
