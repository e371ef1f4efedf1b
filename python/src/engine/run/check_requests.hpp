#pragma once

#include "values/python.hpp"

namespace plait::python {

/// `_engine.check`: what `plait check` finds, without sending anything.
void register_check(nb::module_& module);

}  // namespace plait::python
