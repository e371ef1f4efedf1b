#pragma once

#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/resume/internal/database.hpp"
#include "plait/batch/resume/settings.hpp"
#include "plait/policy/costs.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch::internal {

/// What a note says of its lines: the column `sent`.
enum class NoteKind : std::int64_t {
    not_sent = 0,  ///< surely
    sent = 1,
    reserved = 2,  ///< marks say which were sent
};

/// The layout of a state file in SQLite (docs/formats.md), open for writing, with the statements that every request
/// needs. Throws as `Database`.
class StateFile {
  public:
    /// Makes the file if there is none, for its owner alone. False when programs can't share memory over it, as on some
    /// network and FUSE file systems.
    static bool make(const std::string& path);

    /// Opens the file, and lays it out if it is empty. `durable`: commits are on the disk. `has_shared_maps`: as `make`
    /// returned it.
    StateFile(const std::string& path, bool durable, bool has_shared_maps);

    Database database;
    Statement begin{database, "BEGIN IMMEDIATE"};
    Statement commit{database, "COMMIT"};

    /// Adds a note of these lines, and empties them.
    void note(NoteKind kind, std::vector<std::uint64_t>& lines);
    /// Adds a note that reserves the lines from `first` to `last`.
    void reserve(std::uint64_t first, std::uint64_t last);
    /// Removes all notes of reserved lines.
    void forget_reserved();

  private:
    void add(NoteKind kind);

    Statement add_note_{database, "INSERT INTO note (sent, lines) VALUES (?, ?)"};
    std::string text_;
};

/// Whether it is a state file with content; false: it is empty still. Throws if this version does not understand it.
bool is_laid_out(Database& database);

std::optional<std::string> fact(Database& database, std::string_view name);
void set_fact(Database& database, std::string_view name, std::string_view value);

/// Reads a number from a fact; 0 if there is none.
std::uint64_t number_of_fact(Database& database, std::string_view name);

Settings read_settings(Database& database);
void add_settings(Database& database, const Settings& settings);

/// What was spent, of each unit.
policy::Costs read_spent(Database& database);
void set_spent(Database& database, const policy::Costs& spent);

InputFingerprint read_input(Database& database);
/// Stores the blocks from `first_block` on; those before are stored already.
void set_input(Database& database, const InputFingerprint& input, std::size_t first_block);

}  // namespace plait::batch::internal
