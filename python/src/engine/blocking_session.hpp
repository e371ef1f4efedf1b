#pragma once

#include "python.hpp"

namespace plait::python {

void register_blocking_session(nb::module_& module);

}  // namespace plait::python
