#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// What an input was, so that a later run can tell whether it still is: a hash of each block of lines. What is appended
/// changes no hash but that of a last block that was not full.
class InputFingerprint {
  public:
    static constexpr std::uint64_t block_lines = 4096;
    /// Half of a SHA-256 of the block's lines, each with a line break behind it.
    using BlockHash = std::array<unsigned char, 16>;

    InputFingerprint() noexcept {}

    std::uint64_t lines = 0;
    /// The input ended there; else it was not read to its end.
    bool is_complete = false;
    std::vector<BlockHash> blocks;
};

/// Holds an input against its fingerprint of an earlier run, and takes its fingerprint, while its lines pass.
class InputWatch {
  public:
    /// Called with the fingerprint so far, and with the number of the first block that is new in it.
    using Save = std::function<void(const InputFingerprint& fingerprint, std::size_t first_block)>;

    static constexpr std::string_view start_over = "put it back as it was, or start over with --overwrite";

    /// `name` stands in errors, and so does what to do if it changed, which outlives this. `before` is empty for a new
    /// run. With `extend`, lines may follow those of before.
    InputWatch(std::string name, InputFingerprint before, bool extend, Save save,
               std::string_view if_changed = start_over);
    ~InputWatch();

    /// Takes the next line, without its line break. Throws `Error(bad_input)` that says which lines differ.
    void see(std::string_view line);

    /// Throws `Error(bad_input)` when a line was seen that was appended, and may not be.
    void refuse_appended() const;

    /// No more lines will come. Throws `Error(bad_input)` when there were more or fewer before.
    void end();

  private:
    class Digest;

    bool has_more_than_before() const { return before_.is_complete && seen_.lines > before_.lines; }
    void compare(const InputFingerprint::BlockHash& hash, std::uint64_t block) const;
    void save();

    std::string name_;
    std::string_view if_changed_;
    InputFingerprint before_;
    bool extend_;
    Save save_;
    InputFingerprint seen_;
    std::size_t saved_blocks_;
    std::unique_ptr<Digest> digest_;
};

}  // namespace plait::batch
