#pragma once

#include "plait/batch/call/call_result.hpp"

#include "values/python.hpp"

namespace plait::python {

/// A `plait.RunResult`, which is `type`. `cause`, of its error, may be no object.
nb::object make_run_result(const nb::object& type, batch::CallResult result, nb::object cause);

}  // namespace plait::python
