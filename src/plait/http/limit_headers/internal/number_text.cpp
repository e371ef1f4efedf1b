#include "plait/http/limit_headers/internal/number_text.hpp"

#include "plait/base/text/trim.hpp"

#include <charconv>
#include <cmath>

namespace plait::http::internal {

std::optional<double> take_number(std::string_view& text) noexcept {
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<double> parse_number(std::string_view text) noexcept {
    text = trimmed(text);
    const auto number = take_number(text);
    return text.empty() ? number : std::nullopt;
}

}  // namespace plait::http::internal
