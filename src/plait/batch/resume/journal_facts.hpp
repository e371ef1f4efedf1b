#pragma once

#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/resume/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace plait::batch {

/// The parts of a state file that other commands read, even during its run.
struct JournalFacts {
    JournalFacts() {}

    std::string run_id;
    Settings settings;
    /// The path of the input, if it has one.
    std::optional<std::string> requests;
    InputFingerprint input;
    /// What `Journal::set_status` stored last; empty: nothing yet.
    std::string status;
    /// The process that opened it last.
    std::int64_t process = 0;
};

/// Reads a state file without disturbing the run that writes it. Throws as `Journal` does.
JournalFacts read_journal(const std::string& path);

/// Reads what `Journal::set_status` stored last.
inline std::string read_status(const std::string& path) { return read_journal(path).status; }

}  // namespace plait::batch
