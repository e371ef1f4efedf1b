#pragma once

#include "values/python.hpp"

namespace plait::python {

void register_async_map(nb::module_& module);

}  // namespace plait::python
