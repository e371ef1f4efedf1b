#include "plait/cli/flags/values.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace plait::cli {

namespace {

struct Unit {
    std::string_view name;
    double seconds;
};
constexpr std::array<Unit, 6> units{{{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"", 1}}};

constexpr double week_in_seconds = 7 * 24 * 3600;

}  // namespace

std::size_t parse_count(std::string_view text, std::size_t least, std::size_t most) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
        throw_bad_input(fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
    }
    return number;
}

std::optional<double> parse_share(std::string_view text, double most) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    const bool is_percent = rest == "%";
    const double share = is_percent ? number / 100 : number;
    const bool is_number = error == std::errc() && (rest.empty() || is_percent);
    if (!is_number || !(share >= 0 && share <= (is_percent ? most : 1.0))) return std::nullopt;
    return share;
}

std::size_t parse_bytes(std::string_view text, std::size_t least) {
    constexpr std::string_view prefixes = "kMGT";
    constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max();
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    const auto unit = rest.empty() ? 0 : prefixes.find(rest) + 1;
    const bool is_known = error == std::errc() && (rest.empty() || (rest.size() == 1 && unit != 0));
    const std::size_t bits = is_known ? 10 * unit : 0;
    if (!is_known || number > most >> bits || number << bits < least) {
        throw_bad_input(
            fmt::format("'{}' is not a number of bytes such as 65536, 64k, 100M or 2G, of at least {}", text, least));
    }
    return number << bits;
}

Duration parse_duration(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const Unit& unit : units) {
        if (error != std::errc() || rest != unit.name) continue;
        const double seconds = number * unit.seconds;
        if (!(seconds >= 0 && seconds <= week_in_seconds)) break;
        return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    }
    throw_bad_input(fmt::format("'{}' is not a duration such as 90ms, 2s, 1m or 1h, of at most a week", text));
}

std::string to_flag_value(Duration duration) {
    using namespace std::chrono;
    if (duration % hours(1) == Duration::zero()) return fmt::format("{}h", duration_cast<hours>(duration).count());
    if (duration % minutes(1) == Duration::zero()) return fmt::format("{}m", duration_cast<minutes>(duration).count());
    if (duration % seconds(1) == Duration::zero()) return fmt::format("{}s", duration_cast<seconds>(duration).count());
    return fmt::format("{}ms", duration_cast<milliseconds>(duration).count());
}

std::string to_flag_value(std::size_t bytes) {
    std::string_view unit;
    for (const std::string_view next : {"k", "M", "G", "T"}) {
        if (bytes == 0 || bytes % 1024 != 0) break;
        bytes /= 1024;
        unit = next;
    }
    return fmt::format("{}{}", bytes, unit);
}

std::pair<Duration, Duration> parse_duration_range(std::string_view text) {
    constexpr std::string_view dots = "..";
    const auto middle = text.find(dots);
    const Duration least = parse_duration(text.substr(0, middle));
    if (middle == std::string_view::npos) return {least, least};
    const Duration most = parse_duration(text.substr(middle + dots.size()));
    if (most < least) throw_bad_input(fmt::format("'{}' ends before it begins", text));
    return {least, most};
}

std::vector<std::string> parse_list(std::string_view text) {
    std::vector<std::string> parts;
    for (std::string_view rest = text;;) {
        const auto comma = rest.find(',');
        std::string_view part = rest.substr(0, comma);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (part.empty()) throw_bad_input(fmt::format("'{}' is not a list such as a,b,c", text));
        parts.emplace_back(part);
        if (comma == std::string_view::npos) return parts;
        rest.remove_prefix(comma + 1);
    }
}

std::pair<std::string, std::string> parse_header(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos)
        throw_bad_input("a header is written 'Name: value'");  // not shown: it may be a secret
    std::string_view value = text.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return {std::string(text.substr(0, colon)), std::string(value)};
}

}  // namespace plait::cli
