#pragma once

#include "plait/base/unique_fd.hpp"
#include "plait/compare/measure/call_work.hpp"
#include "plait/compare/measure/measurement.hpp"

#include <string>
#include <vector>

namespace plait::compare {

/// Calls for the Python package, which gets them in a file in memory: they may hold secrets.
class PythonCalls {
  public:
    /// `lacking` names flags of the comparison that the package has nothing for; empty: there are none.
    PythonCalls(const CallWork& work, std::string lacking);

    /// The command that makes the calls. Throws `Error(bad_input)` that says why the package can't make them.
    std::vector<std::string> command(const Way& way) const;

  private:
    std::size_t count_;
    std::string why_not_;
    UniqueFd file_;
};

/// Writes the calls and the settings of their session as JSON. Throws `Error(bad_input)` for what the package can't do.
std::string python_calls_json(const CallWork& work);

}  // namespace plait::compare
