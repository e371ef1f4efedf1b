#pragma once

#include "run/run_driver.hpp"
#include "values/python.hpp"

namespace plait::python {

/// The arguments of `plait.Report`.
nb::dict report_fields(const RunStanding& standing);

}  // namespace plait::python
