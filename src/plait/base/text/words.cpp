#include "plait/base/text/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace plait {

namespace {

/// Returns `value` with `digits` significant digits, and with all those before the point.
std::string with_digits(double value, int digits) {
    int behind_point = digits - 1;
    double rounds_up_at = 10;  // from here on there is one digit more before the point
    while (behind_point > 0 && value >= rounds_up_at - rounds_up_at / std::pow(10, digits) / 2) {
        --behind_point;
        rounds_up_at *= 10;
    }
    return fmt::format("{:.{}f}", value, behind_point);
}

std::string without_trailing_zeros(std::string number) {
    if (number.find('.') == std::string::npos) return number;
    number.erase(number.find_last_not_of('0') + 1);
    if (number.ends_with('.')) number.pop_back();
    return number;
}

std::string two_parts(std::uint64_t large, std::string_view large_unit, std::uint64_t small,
                      std::string_view small_unit) {
    if (small == 0) return fmt::format("{} {}", large, large_unit);
    return fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
}

template <class Format>
std::string in_words(Duration duration, Format format) {
    const double seconds = std::max(std::chrono::duration<double>(duration).count(), 0.0);
    if (seconds == 0) return "0 us";
    if (seconds < 0.9995e-3) return format(seconds * 1e6) + " us";
    if (seconds < 0.9995) return format(seconds * 1e3) + " ms";
    if (seconds < 119.5) return format(seconds) + " s";
    const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
    if (whole < 3600) return two_parts(whole / 60, "min", whole % 60, "s");
    return two_parts(whole / 3600, "h", whole / 60 % 60, "min");
}

}  // namespace

std::string in_words(Duration duration) {
    return in_words(duration, [](double value) { return without_trailing_zeros(with_digits(value, 3)); });
}

std::string in_words(Duration duration, int digits) {
    return in_words(duration, [digits](double value) { return with_digits(value, digits); });
}

std::string printable(std::string_view text, std::size_t longest) {
    std::string result;
    const bool is_cut = text.size() > longest;
    if (is_cut) {
        // Not in the middle of a UTF-8 character.
        while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
        text = text.substr(0, longest);
    }
    for (const char c : text) result += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
    return result + (is_cut ? "..." : "");
}

}  // namespace plait
