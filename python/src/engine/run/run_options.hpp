#pragma once

#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/run_options.hpp"

#include "values/python.hpp"
#include <vector>

namespace plait::python {

/// What a run needs, from the options as `plait._run` has put them in order.
struct RunSettings {
    RunSettings() {}

    batch::RunOptions run;
    std::vector<int> retry_statuses;  ///< for the items of an iterable, beside the usual ones
    batch::RequestDefaults requests;  ///< for all requests, whether of a file or an iterable
};

/// Throws `Error(bad_input)`.
RunSettings run_settings_from(const nb::dict& options);

}  // namespace plait::python
