#pragma once

#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/resume/internal/database.hpp"
#include "plait/batch/resume/settings.hpp"
#include "plait/policy/pace/costs.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch::internal {

/// What a note says about its lines, in the column `sent`.
enum class NoteKind : std::int64_t {
    not_sent = 0,  ///< certainly
    sent = 1,
    reserved = 2,  ///< marks say which were sent
};

/// The layout of a state file in SQLite (docs/formats.md), open for writing, with the statements that every request
/// needs. Throws as `Database`.
class StateFile {
  public:
    /// Creates the file if there is none, for its owner only. Returns false when programs can't share memory through
    /// it, as on some network and FUSE file systems.
    static bool make(const std::string& path);

    /// Opens the file, and creates its tables if it is empty. `durable`: commits wait for the disk. `has_shared_maps`:
    /// what `make` returned.
    StateFile(const std::string& path, bool durable, bool has_shared_maps);

    Database database;
    Statement begin{database, "BEGIN IMMEDIATE"};
    Statement commit{database, "COMMIT"};

    /// Adds a note of these lines, and clears `lines`.
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

/// Returns whether the state file has content; false if it is still empty. Throws if this version does not understand
/// it.
bool is_laid_out(Database& database);

std::optional<std::string> fact(Database& database, std::string_view name);
void set_fact(Database& database, std::string_view name, std::string_view value);

/// Reads a number from a fact; 0 if there is none.
std::uint64_t number_of_fact(Database& database, std::string_view name);

Settings read_settings(Database& database);
void add_settings(Database& database, const Settings& settings);

/// Reads the amount spent of each unit.
policy::Costs read_spent(Database& database);
void set_spent(Database& database, const policy::Costs& spent);

InputFingerprint read_input(Database& database);
/// Stores the blocks from `first_block` on; those before are stored already.
void set_input(Database& database, const InputFingerprint& input, std::size_t first_block);

}  // namespace plait::batch::internal
