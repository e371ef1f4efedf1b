#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/tally.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/run/caller.hpp"

#include <string>

namespace plait::batch {

/// What a run did, for people: some lines of text.
std::string summary_text(const Tally& tally, const CallerCounts& counts, Duration elapsed,
                         const InputNotes& notes = InputNotes());

/// The same as one line of JSON (docs/formats.md).
std::string summary_json(const Tally& tally, const CallerCounts& counts, Duration elapsed,
                         const InputNotes& notes = InputNotes());

}  // namespace plait::batch
