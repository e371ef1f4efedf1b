#pragma once

#include "plait/async/descriptor.hpp"
#include "plait/async/task.hpp"
#include "plait/base/unique_fd.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

namespace internal {
class Unpacker;
}

/// The bytes of a file, pipe or terminal. What is compressed by gzip or zstd is unpacked: the content tells, not the
/// name.
class InputBytes {
  public:
    /// `name` stands in errors. Throws `Error(bad_input)` for a file that can hold no requests, such as one in UTF-16;
    /// of a pipe, `read` does.
    InputBytes(UniqueFd input, std::string name);
    InputBytes(InputBytes&&) noexcept;
    ~InputBytes();

    /// Waits for bytes and puts them into `room`, which is not empty: how many; 0 at the end. Throws `Error(storage)`
    /// when the input can't be read, and `Error(bad_input)` when it is compressed and damaged or cut.
    Task<std::size_t> read(std::span<char> room);

    /// The same file from its beginning; nothing for a pipe or a terminal.
    std::optional<InputBytes> again() const;

    /// The descriptor of a file that is not compressed; nothing for all else.
    std::optional<int> plain_file() const;

    const std::string& name() const noexcept { return name_; }

  private:
    Task<void> find_out_form();
    void set_form(std::string_view begin);
    std::size_t take_read_ahead(std::span<char> room);
    Task<std::size_t> read_unpacked(std::span<char> room);
    Task<std::size_t> read_raw(std::span<char> room);

    std::string name_;
    UniqueFd file_;                           ///< for a file, which is read at once
    std::unique_ptr<Descriptor> waited_for_;  ///< for all else
    bool is_form_known_ = false;
    std::unique_ptr<internal::Unpacker> unpacker_;  ///< null: it is not compressed
    std::vector<char> read_ahead_;                  ///< bytes as they were read, that were not handed out or unpacked
    std::size_t taken_ = 0;                         ///< of these
};

}  // namespace plait::batch
