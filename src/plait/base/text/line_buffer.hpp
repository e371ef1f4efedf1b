#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace plait {

/// Splits a stream of bytes into lines: its owner adds bytes at the end, and takes lines off the front.
///
///     LineBuffer buffer(256 * 1024);
///     for (;;) {
///         while (const auto line = buffer.take_line()) use(*line);
///         const std::size_t got = read(buffer.room());
///         if (got == 0) break;
///         buffer.add(got);
///     }
///     use(buffer.take_rest());  // a last line without a line break
///
/// The buffer is allocated on first use and doubles while a line does not fit. Its owner has to give up on a line that
/// gets too long.
class LineBuffer {
  public:
    /// Starts with `first` bytes and never grows beyond `most`. After each line, `padding` more bytes can be read.
    explicit LineBuffer(std::size_t first, std::size_t most = std::numeric_limits<std::size_t>::max(),
                        std::size_t padding = 0) noexcept
        : first_(first), most_(most), padding_(padding) {}

    /// Returns the next line without its line break; nothing when no complete line is there. A line is valid until the
    /// next call of `room`.
    std::optional<std::string_view> take_line() noexcept;

    /// Returns all bytes that are left, which are no complete line, and drops them.
    std::string_view take_rest() noexcept;

    /// All bytes that are left.
    std::string_view rest() const noexcept { return {bytes_.data() + begin_, end_ - begin_}; }

    /// The position of the first of them in the stream.
    std::uint64_t offset() const noexcept { return taken_; }

    /// Where to put more bytes: never empty, unless the bytes that are left take up `most`.
    std::span<char> room();

    /// Says that the first `size` bytes of `room` are filled.
    void add(std::size_t size) noexcept { end_ += size; }

  private:
    void take(std::size_t size) noexcept;

    std::size_t first_;
    std::size_t most_;
    std::size_t padding_;
    std::vector<char> bytes_;
    std::size_t begin_ = 0;    ///< of the bytes that are left
    std::size_t scanned_ = 0;  ///< up to here they hold no line break
    std::size_t end_ = 0;
    std::uint64_t taken_ = 0;
};

}  // namespace plait
