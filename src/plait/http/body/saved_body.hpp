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
class SavedBody {
  public:
    /// Creates an empty file in `folder`. Throws `Error(storage)`.
    explicit SavedBody(const std::string& folder);
    /// Takes over a file that another process released.
    SavedBody(std::string path, std::uint64_t size);
    SavedBody(const SavedBody&) = delete;
    SavedBody& operator=(const SavedBody&) = delete;
    ~SavedBody();

    /// Throws `Error(storage)`, as on a full disk.
    void append(std::string_view bytes);

    const std::string& path() const noexcept { return path_; }
    std::uint64_t size() const noexcept { return size_; }

    /// Gives the file its final name in its folder, where it replaces one of that name. With `durable` its bytes are on
    /// the disk before. Throws `Error(storage)`.
    void keep_as(std::string_view name, bool durable);

    /// Leaves the file to the process that adopts it, and returns its path.
    std::string release();

  private:
    std::string path_;
    UniqueFd file_;
    std::uint64_t size_ = 0;
    bool is_kept_ = false;
};

/// Removes files that processes which are gone left in `folder`. Files in use stay.
void remove_abandoned_bodies(const std::string& folder);

}  // namespace plait::http
