#pragma once

#include "plait/batch/lines/internal/input_form.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace plait::batch::internal {

/// Decompresses data that comes in pieces, in bounded memory.
class Unpacker {
  public:
    /// The number of bytes taken and made.
    struct Step {
        std::size_t taken = 0;
        std::size_t made = 0;
    };

    virtual ~Unpacker() = default;

    /// Takes bytes from `packed`, and decompresses as much as fits into `room`, which must not be empty. While `packed`
    /// is not empty, each call takes or makes something. Throws `Error(bad_input)`, which says what is wrong with the
    /// data but not where it came from.
    virtual Step unpack(std::string_view packed, std::span<char> room) = 0;

    /// Whether the data may end here.
    virtual bool is_whole() const = 0;
};

/// Makes an unpacker for this compression, which must not be `none`: for any number of gzip members (RFC 1952,
/// section 2.2) or zstd frames (RFC 8878, section 3) in a row.
std::unique_ptr<Unpacker> make_unpacker(Packing packing);

}  // namespace plait::batch::internal
