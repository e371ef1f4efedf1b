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

namespace plait::coding {
class Decoder;
}

namespace plait::batch {

/// The bytes of a file, pipe or terminal. gzip and zstd data is decompressed; it is recognised by its content, not by
/// the file's name.
class InputBytes {
  public:
    /// `name` is for errors. Throws `Error(bad_input)` for a file that can't hold requests, such as one in UTF-16. For
    /// a pipe, `read` does so.
    InputBytes(UniqueFd input, std::string name);
    InputBytes(InputBytes&&) noexcept;
    ~InputBytes();

    /// Waits for bytes, puts them into `room`, which must not be empty, and returns their number; 0 at the end. Throws
    /// `Error(storage)` when the input can't be read, and `Error(bad_input)` when compressed data is damaged or cut
    /// short.
    Task<std::size_t> read(std::span<char> room);

    /// Returns the same file from its beginning; nothing for a pipe or a terminal.
    std::optional<InputBytes> again() const;

    /// Returns the descriptor of a file that is not compressed; nothing for any other input.
    std::optional<int> plain_file() const;

    const std::string& name() const noexcept { return name_; }

  private:
    Task<void> find_out_form();
    void set_form(std::string_view begin);
    std::size_t take_read_ahead(std::span<char> room);
    Task<std::size_t> read_unpacked(std::span<char> room);
    Task<std::size_t> read_raw(std::span<char> room);

    std::string name_;
    UniqueFd file_;                           ///< set for a file, which is read without waiting
    std::unique_ptr<Descriptor> waited_for_;  ///< set for any other input
    bool is_form_known_ = false;
    std::unique_ptr<coding::Decoder> decoder_;  ///< null when the data is not compressed
    std::vector<char> read_ahead_;              ///< bytes that were read to recognise the form, or to be decompressed
    std::size_t taken_ = 0;                     ///< the number of these that are used up
};

}  // namespace plait::batch
