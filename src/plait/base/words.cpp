#include "plait/base/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace plait {

std::string in_words(Duration duration) {
    const double seconds = std::max(std::chrono::duration<double>(duration).count(), 0.0);
    if (seconds < 0.9995e-3) return fmt::format("{:.0f} us", seconds * 1e6);
    if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
    if (seconds < 99.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::uint64_t>(seconds);
    if (whole < 3600) return fmt::format("{} m {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} m", whole / 3600, whole / 60 % 60);
}

std::string printable(std::string_view text, std::size_t longest) {
    std::string result;
    const bool is_cut = text.size() > longest;
    if (is_cut) {
        // Not in the middle of a character of UTF-8.
        while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
        text = text.substr(0, longest);
    }
    for (const char c : text) result += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
    return result + (is_cut ? "..." : "");
}

}  // namespace plait
