#pragma once

#include "plait/base/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace plait::batch {

/// A file that is written from its beginning to its end, and is there whole or not at all.
///
/// Until `finish`, its content is in a file beside it, whose name ends in `.part`; without `finish`, that one is
/// removed. Standard output, `-`, and devices and pipes are written at once.
class OutputFile {
  public:
    /// Throws `Error(bad_input)` if the file exists, unless `overwrite`, and `Error(storage)` if it can't be created.
    OutputFile(std::string path, bool overwrite);
    ~OutputFile();

    OutputFile(const OutputFile&) = delete;

    /// Writes `text` after what was written before. Throws `Error(storage)`; `OutputUnread` of standard output, when
    /// its reader is gone. The program must ignore SIGPIPE.
    void write(std::string_view text);

    /// The number of bytes written.
    std::uint64_t size() const noexcept { return size_; }

    /// Gives the file its name. Throws `Error(storage)`.
    void finish();

  private:
    std::string path_;
    std::string part_;  ///< empty: written in place
    bool is_standard_output_ = false;
    UniqueFd file_;
    std::uint64_t size_ = 0;
};

}  // namespace plait::batch
