#pragma once

#include "plait/async/descriptor.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/call/sink.hpp"

#include <memory>
#include <string>

namespace plait::batch {

/// Writes to a file, a pipe or a terminal.
class FileSink final : public Sink {
  public:
    /// `name` stands in errors. With `durable`, what was written to a file is on the disk, too.
    FileSink(UniqueFd output, std::string name, bool durable = false);

    /// Makes the file `path`, which its owner alone may read. One that exists is replaced if `overwrite`, else refused
    /// with `Error(bad_input)`. Throws `Error(storage)` when it can't be made.
    static std::unique_ptr<FileSink> create(const std::string& path, bool overwrite);

    /// Standard output. The program has to ignore SIGPIPE.
    static std::unique_ptr<FileSink> standard_output();

    Task<bool> write(std::string_view lines) override;

  private:
    [[noreturn]] void fail(int error_number, std::string_view written);
    void sync();

    std::string name_;
    bool durable_;
    UniqueFd file_;                           ///< for a file, which takes everything at once
    std::unique_ptr<Descriptor> waited_for_;  ///< for all else
};

}  // namespace plait::batch
