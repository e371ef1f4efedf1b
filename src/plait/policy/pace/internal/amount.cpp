#include "plait/policy/pace/internal/amount.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace plait::policy::internal {

namespace {

/// Takes a positive number off the front of `text`. Returns 0 when there is none.
double take_amount(std::string_view& text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !(number > 0) || std::isinf(number)) return 0;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('k')) number *= 1e3;
    if (text.starts_with('M')) number *= 1e6;
    if (text.starts_with('k') || text.starts_with('M')) text.remove_prefix(1);
    return number;
}

}  // namespace

UnitAmount parse_unit_amount(std::string_view text) {
    UnitAmount parsed;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
        parsed.problem = "there is no '='";
        return parsed;
    }
    parsed.unit = text.substr(0, equals);
    if (!is_unit_name(parsed.unit)) parsed.problem = fmt::format("'{}' is not the name of a unit", parsed.unit);
    parsed.rest = text.substr(equals + 1);
    parsed.amount = take_amount(parsed.rest);
    if (parsed.problem.empty() && parsed.amount == 0) parsed.problem = "no number above 0 follows the '='";
    return parsed;
}

std::string amount_text(double number) {
    for (const auto& [size, letter] : {std::pair(1e6, "M"), std::pair(1e3, "k")}) {
        if (number >= size && std::fmod(number, size / 10) == 0) return fmt::format("{}{}", number / size, letter);
    }
    return fmt::format("{}", number);
}

bool is_unit_name(std::string_view text) noexcept {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (text.empty() || !is_letter(text.front())) return false;
    for (const char c : text) {
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
    }
    return true;
}

}  // namespace plait::policy::internal
