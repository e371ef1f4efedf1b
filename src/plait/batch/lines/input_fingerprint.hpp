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

/// A hash of each block of lines of an input, by which a later run can tell whether the input has changed. Appended
/// lines change at most the hash of the last block.
class InputFingerprint {
  public:
    static constexpr std::uint64_t block_lines = 4096;
    /// Half of the SHA-256 of the block's lines, each followed by a line break.
    using BlockHash = std::array<unsigned char, 16>;

    InputFingerprint() noexcept {}

    std::uint64_t lines = 0;
    /// Whether the input ended there; otherwise it was not read to its end.
    bool is_complete = false;
    std::vector<BlockHash> blocks;
};

/// Compares an input, line by line, with its fingerprint of an earlier run, and makes its new fingerprint.
class InputWatch {
  public:
    /// Called with the fingerprint so far, and the number of its first new block.
    using Save = std::function<void(const InputFingerprint& fingerprint, std::size_t first_block)>;

    static constexpr std::string_view start_over = "put it back as it was, or start over with --overwrite";

    /// `name` is for errors, and so is `if_changed`, which says what to do and must outlive this. `before` is empty for
    /// a new run. With `extend`, lines may have been appended.
    InputWatch(std::string name, InputFingerprint before, bool extend, Save save,
               std::string_view if_changed = start_over);
    ~InputWatch();

    /// Takes the next line, without its line break. Throws `Error(bad_input)`, which says which lines differ.
    void see(std::string_view line);

    /// Throws `Error(bad_input)` when an appended line was seen without `extend`.
    void refuse_appended() const;

    /// Call it after the last line. Throws `Error(bad_input)` when the earlier run had more or fewer lines.
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
