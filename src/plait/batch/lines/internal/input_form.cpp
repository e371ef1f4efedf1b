#include "plait/batch/lines/internal/input_form.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <array>
#include <initializer_list>

namespace plait::batch::internal {

namespace {

using namespace std::string_view_literals;

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> marks) {
    for (const std::string_view mark : marks) {
        if (text.starts_with(mark)) return true;
    }
    return false;
}

/// Whether exactly these of the first four bytes are zero, as with ASCII characters in UTF-16 and UTF-32.
bool has_zeros_at(std::string_view text, const std::array<bool, 4>& zeros) {
    if (text.size() < zeros.size()) return false;
    for (std::size_t i = 0; i < zeros.size(); ++i) {
        if ((text[i] == '\0') != zeros[i]) return false;
    }
    return true;
}

/// Returns the encoding that `begin` shows by a byte order mark or its zeros; empty when it may be UTF-8.
std::string_view wide_encoding(std::string_view begin) {
    // The longer marks first: one of UTF-32 starts like one of UTF-16.
    if (begins_with_any(begin, {"\xff\xfe\0\0"sv, "\0\0\xfe\xff"sv})) return "UTF-32";
    if (has_zeros_at(begin, {false, true, true, true}) || has_zeros_at(begin, {true, true, true, false}))
        return "UTF-32";
    if (begins_with_any(begin, {"\xff\xfe"sv, "\xfe\xff"sv})) return "UTF-16";
    if (has_zeros_at(begin, {false, true, false, true}) || has_zeros_at(begin, {true, false, true, false}))
        return "UTF-16";
    return {};
}

/// Compressions that are not supported, and the commands that decompress them.
struct OtherPacking {
    std::string_view mark;
    std::string_view name;
    std::string_view unpacks;
};
constexpr std::array<OtherPacking, 4> other_packings{{{"\xfd"
                                                       "7zXZ\0"sv,
                                                       "compressed by xz", "xz -dc"},
                                                      {"BZh"sv, "compressed by bzip2", "bzip2 -dc"},
                                                      {"\x04\x22\x4d\x18"sv, "compressed by lz4", "lz4 -dc"},
                                                      {"PK\x03\x04"sv, "a zip archive", "unzip -p"}}};

/// A frame, or a skippable one (RFC 8878, section 3.1).
bool is_zstd(std::string_view begin) {
    if (begin.starts_with("\x28\xb5\x2f\xfd"sv)) return true;
    return begin.size() >= 4 && (static_cast<unsigned char>(begin[0]) & 0xf0) == 0x50 &&
           begin.substr(1).starts_with("\x2a\x4d\x18"sv);
}

}  // namespace

Packing packing_of(std::string_view begin, const std::string& name) {
    if (begin.starts_with("\x1f\x8b"sv)) return Packing::gzip;
    if (is_zstd(begin)) return Packing::zstd;
    if (const std::string_view encoding = wide_encoding(begin); !encoding.empty()) {
        throw_bad_input(fmt::format("{} is {}, and requests are UTF-8: convert it with iconv -f {} -t UTF-8", name,
                                    encoding, encoding));
    }
    for (const OtherPacking& other : other_packings) {
        if (!begin.starts_with(other.mark)) continue;
        throw_bad_input(
            fmt::format("{} is {}, and plait reads gzip and zstd: unpack it with {}", name, other.name, other.unpacks));
    }
    return Packing::none;
}

}  // namespace plait::batch::internal
