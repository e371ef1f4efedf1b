#pragma once

#include "plait/batch/lines/internal/input_form.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace plait::batch::internal {

/// Unpacks data that comes in pieces. Its memory does not grow with the data.
class Unpacker {
  public:
    /// How many bytes were taken and made.
    struct Step {
        std::size_t taken = 0;
        std::size_t made = 0;
    };

    virtual ~Unpacker() = default;

    /// Takes from `packed`, and makes what fits into `room`, which is not empty. While `packed` is not empty, each call
    /// takes or makes something. Throws `Error(bad_input)`, which says what is wrong with the data and not where it is
    /// from.
    virtual Step unpack(std::string_view packed, std::span<char> room) = 0;

    /// Whether the data may end here.
    virtual bool is_whole() const = 0;
};

/// For data in this packing, not `none`: any number of gzip members (RFC 1952, section 2.2) or zstd frames (RFC 8878,
/// section 3) behind one another.
std::unique_ptr<Unpacker> make_unpacker(Packing packing);

}  // namespace plait::batch::internal
