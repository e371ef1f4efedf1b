#pragma once

#include "values/python.hpp"

namespace plait::python {

void register_blocking_session(nb::module_& module);

}  // namespace plait::python
