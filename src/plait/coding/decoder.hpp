#pragma once

#include "plait/base/error.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace plait::coding {

/// The compressed formats that are understood.
enum class Coding {
    gzip,     ///< RFC 1952: any number of members, then any number of zeros
    deflate,  ///< RFC 1950 (zlib), or RFC 1951 (raw) if the first two bytes are not those of RFC 1950
    brotli,   ///< RFC 7932, without its large windows
    zstd,     ///< RFC 8878: any number of frames
};

/// Returns the name as messages spell it: `gzip`, `deflate`, `br`, `zstd`.
std::string_view to_string(Coding coding) noexcept;

/// Decodes data that comes in pieces, in bounded memory.
///
///     const auto decoder = make_decoder(Coding::gzip, ErrorCode::protocol);
///     std::array<char, 4096> room;
///     const Decoder::Step step = decoder->decode(coded, room);
///     coded.remove_prefix(step.taken);
///     use(room.data(), step.made);
class Decoder {
  public:
    /// The number of bytes taken and made.
    struct Step {
        std::size_t taken = 0;
        std::size_t made = 0;
    };

    Decoder() noexcept = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    virtual ~Decoder() = default;

    /// Takes bytes from `coded`, and decodes as much as fits into `room`, which must not be empty. While `coded` is not
    /// empty, each call takes or makes something. A call that fills `room` may have more to make, even if `coded` is
    /// empty. Throws `Error`, which says what is wrong with the data, but not where it came from.
    virtual Step decode(std::string_view coded, std::span<char> room) = 0;

    /// Whether the data may end here.
    virtual bool is_whole() const noexcept = 0;

    /// Returns the bytes that it has allocated because of the size of the window, which the data chooses.
    virtual std::size_t window_memory() const noexcept { return 0; }
};

/// Makes a decoder. Its errors have the code `on_damage`.
std::unique_ptr<Decoder> make_decoder(Coding coding, ErrorCode on_damage);

}  // namespace plait::coding
