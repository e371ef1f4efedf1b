#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/caller/caller.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/run/runner.hpp"
#include "plait/batch/tally/tally.hpp"

#include <string>

namespace plait::batch {

/// The summary of a run as text.
std::string summary_text(const Tally& tally, const CallerCounts& counts, Duration elapsed,
                         const InputNotes& notes = InputNotes(), const RunRemarks& remarks = RunRemarks());

/// The summary as one line of JSON (docs/formats.md).
std::string summary_json(const Tally& tally, const CallerCounts& counts, Duration elapsed,
                         const InputNotes& notes = InputNotes(), const RunRemarks& remarks = RunRemarks());

}  // namespace plait::batch
