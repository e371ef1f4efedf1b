#pragma once

#include <string_view>

namespace plait::compare::internal {

/// The text of python_jobs.py.
extern const std::string_view python_jobs;

}  // namespace plait::compare::internal
