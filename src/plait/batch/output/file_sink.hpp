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
    /// Errors name the file `name`. With `durable`, `write` returns when the lines are on the disk.
    FileSink(UniqueFd output, std::string name, bool durable = false);

    /// Creates the file `path`, which only its owner may read. An existing file is replaced if `overwrite`, else
    /// refused with `Error(bad_input)`. Throws `Error(storage)` if it can't be created.
    static std::unique_ptr<FileSink> create(const std::string& path, bool overwrite);

    /// Writes to standard output. The program must ignore SIGPIPE.
    static std::unique_ptr<FileSink> standard_output();

    Task<bool> write(std::string_view lines) override;

  private:
    [[noreturn]] void fail(int error_number, std::string_view written);
    void sync();

    std::string name_;
    bool durable_;
    UniqueFd file_;                           ///< set for a file, which never makes a write wait
    std::unique_ptr<Descriptor> waited_for_;  ///< set for any other output
};

}  // namespace plait::batch
