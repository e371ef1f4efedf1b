#pragma once

// The one header of this module that shows cereal: arguments and results of process jobs are known only where they are
// submitted, so the code that turns them into bytes is made there. A type of one's own takes part with a member
//
//     template <class Archive> void serialize(Archive& archive) { archive(name, values); }
//
// which needs no cereal header.

#include "plait/workers/internal/payload.hpp"

#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <istream>
#include <ostream>
#include <streambuf>
#include <string_view>
#include <type_traits>

namespace plait::internal {

/// Reads bytes where they lie.
class BytesReader final : public std::streambuf {
  public:
    void look_at(std::string_view bytes) noexcept {
        char* const begin =
            const_cast<char*>(bytes.data());  // streambuf's get area is not const; reading leaves it as it is
        setg(begin, begin, begin + bytes.size());
    }
};

// A stream is expensive to make and serves many values; an archive remembers what it has seen, and serves one.

/// Turns values into bytes, for a `ValueReader` in a process with the same program.
class ValueWriter {
  public:
    template <class Value>
    void write(const Value& value) {
        cereal::BinaryOutputArchive archive(stream_);
        archive(value);
    }
    /// All that was written.
    PayloadWriter& bytes() noexcept { return bytes_; }

  private:
    PayloadWriter bytes_;
    std::ostream stream_{&bytes_};
};

class ValueReader {
  public:
    template <class Value>
    Value read(std::string_view bytes) {
        static_assert(std::is_default_constructible_v<Value>,
                      "a type that crosses processes needs a default constructor");
        bytes_.look_at(bytes);
        cereal::BinaryInputArchive archive(stream_);
        Value value;
        archive(value);
        return value;
    }

  private:
    BytesReader bytes_;
    std::istream stream_{&bytes_};
};

}  // namespace plait::internal
