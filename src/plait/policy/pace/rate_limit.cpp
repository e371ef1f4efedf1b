#include "plait/policy/pace/rate_limit.hpp"

#include "plait/base/error.hpp"
#include "plait/policy/pace/internal/amount.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace plait::policy {

namespace {

struct TimeUnit {
    std::string_view name;
    std::chrono::seconds length;
};
// The longest first, for the text of a limit.
constexpr std::array<TimeUnit, 4> time_units{{{"d", std::chrono::hours(24)},
                                              {"h", std::chrono::hours(1)},
                                              {"m", std::chrono::minutes(1)},
                                              {"s", std::chrono::seconds(1)}}};
constexpr std::chrono::seconds longest_window = std::chrono::hours(31 * 24);

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
    throw_bad_input(fmt::format("limit '{}': {}; write it as requests=500/m or tokens=90k/m", text, reason));
}

/// The length of a window such as `m` or `10s`; 0 when it is none.
std::chrono::seconds parse_window(std::string_view text) {
    std::int64_t number = 1;
    if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || number > longest_window.count()) return {};
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    for (const TimeUnit& unit : time_units) {
        if (text == unit.name && unit.length * number <= longest_window) return unit.length * number;
    }
    return {};
}

}  // namespace

RateLimit parse_rate_limit(std::string_view text) {
    const auto [unit, amount, rest, problem] = internal::parse_unit_amount(text);
    if (!problem.empty()) refuse(text, problem);
    if (!rest.starts_with('/')) refuse(text, "no time follows the number, such as /s, /m, /h or /d");
    const auto window = parse_window(rest.substr(1));
    if (window <= std::chrono::seconds(0)) {
        refuse(text, fmt::format("'{}' is not a time such as s, m, h, d or 10s, of at most 31 days", rest.substr(1)));
    }
    return RateLimit(unit, amount, window);
}

std::string to_string(const RateLimit& limit) {
    std::string window = fmt::format("{}ms", limit.window / std::chrono::milliseconds(1));
    for (const TimeUnit& unit : time_units) {
        if (limit.window % unit.length != Duration::zero()) continue;
        const auto count = limit.window / unit.length;
        window = count == 1 ? std::string(unit.name) : fmt::format("{}{}", count, unit.name);
        break;
    }
    return fmt::format("{}={}/{}", limit.unit, internal::amount_text(limit.amount), window);
}

}  // namespace plait::policy
