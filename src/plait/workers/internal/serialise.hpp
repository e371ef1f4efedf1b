#pragma once

// The one header of this module that shows cereal: arguments and results of process jobs are known only where they are
// submitted, so the code that turns them into bytes is made there. A type of one's own takes part with a member
//
//     template <class Archive> void serialize(Archive& archive) { archive(name, values); }
//
// which needs no cereal header.

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
#include <string>
#include <string_view>
#include <type_traits>

namespace plait::internal {

/// Appends what is written to a string.
class StringWriter final : public std::streambuf {
  public:
    explicit StringWriter(std::string& bytes) noexcept : bytes_(bytes) {}

  private:
    std::streamsize xsputn(const char* from, std::streamsize count) override {
        bytes_.append(from, static_cast<std::size_t>(count));
        return count;
    }
    int_type overflow(int_type character) override {
        bytes_.push_back(traits_type::to_char_type(character));
        return character;
    }
    std::string& bytes_;
};

/// Reads bytes where they lie.
class BytesReader final : public std::streambuf {
  public:
    explicit BytesReader(std::string_view bytes) noexcept {
        char* const begin =
            const_cast<char*>(bytes.data());  // streambuf's get area is not const; reading leaves it as it is
        setg(begin, begin, begin + bytes.size());
    }
};

/// The bytes of `value`, for `from_bytes` in a process with the same program.
template <class Value>
std::string to_bytes(const Value& value) {
    std::string bytes;
    StringWriter writer(bytes);
    std::ostream stream(&writer);
    cereal::BinaryOutputArchive archive(stream);
    archive(value);
    return bytes;
}

template <class Value>
Value from_bytes(std::string_view bytes) {
    static_assert(std::is_default_constructible_v<Value>, "what crosses processes is made first and filled in then");
    BytesReader reader(bytes);
    std::istream stream(&reader);
    cereal::BinaryInputArchive archive(stream);
    Value value;
    archive(value);
    return value;
}

}  // namespace plait::internal
