#pragma once

#include "values/python.hpp"

namespace plait::python {

/// The base of `plait.Run`.
void register_batch_run(nb::module_& module);

}  // namespace plait::python
