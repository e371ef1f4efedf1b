#pragma once

#include "plait/base/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace plait::http {

/// A folder for bodies that are too large for memory.
struct BodyFolder {
    std::string path;
    /// A body of more bytes goes to a file.
    std::size_t inline_bytes = 1024 * 1024;
    /// A larger one fails with `too_large`.
    std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max();
};

/// A body in a file of its own, mode 0600. The file has a name of its own as long as it may be incomplete, and goes
/// away with this object unless it is kept.
///
///     if (response.saved_body) response.saved_body->keep_as("invoice-17", false);
///
/// Bytes are appended in memory and written in blocks, so that another thread can wait for the disk:
///
///     body->append(bytes);
///     if (body->has_block()) write_elsewhere(body, body->take_block());  // calls body->write(block)
class SavedBody {
  public:
    /// Bytes on their way to the file.
    struct Block {
        std::uint64_t offset = 0;
        std::string bytes;
    };

    /// Creates an empty file in `folder`. Throws `Error(storage)`.
    explicit SavedBody(const std::string& folder);
    /// Takes over a file that another process released.
    SavedBody(std::string path, std::uint64_t size);
    SavedBody(const SavedBody&) = delete;
    SavedBody& operator=(const SavedBody&) = delete;
    ~SavedBody();

    /// Takes more bytes. When `most_pending` have not been taken for writing, writes them itself. Throws
    /// `Error(storage)` then, as on a full disk.
    void append(std::string_view bytes);

    /// Whether so many bytes are pending that they should be written.
    bool has_block() const noexcept { return pending_.size() >= block_bytes; }
    /// Whether so many bytes are pending that more should not be received before some are written.
    bool is_behind() const noexcept { return pending_.size() >= most_pending / 2; }
    bool has_pending() const noexcept { return !pending_.empty(); }

    /// Takes all pending bytes, which the caller writes with `write`.
    Block take_block();
    /// Writes a block. For any thread, in any order, beside everything else but the destructor. Throws
    /// `Error(storage)`.
    void write(const Block& block) const;
    /// Writes all pending bytes. Throws `Error(storage)`.
    void flush();

    const std::string& path() const noexcept { return path_; }
    /// The number of bytes that were appended.
    std::uint64_t size() const noexcept { return size_; }

    static constexpr std::size_t block_bytes = 128 * 1024;
    static constexpr std::size_t most_pending = 1024 * 1024;

    /// Writes what is pending, and gives the file its final name in its folder, where it replaces one of that name.
    /// With `durable` its bytes are on the disk before. Throws `Error(storage)`.
    void keep_as(std::string_view name, bool durable);

    /// Writes what is pending, leaves the file to the process that adopts it, and returns its path. Throws
    /// `Error(storage)`.
    std::string release();

  private:
    std::string path_;
    UniqueFd file_;
    std::string pending_;  ///< the last bytes of the body
    std::uint64_t size_ = 0;
    bool is_kept_ = false;
};

/// Removes files that processes which are gone left in `folder`. Files in use stay.
void remove_abandoned_bodies(const std::string& folder);

}  // namespace plait::http
