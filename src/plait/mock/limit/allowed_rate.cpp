#include "plait/mock/limit/allowed_rate.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace plait::mock {

namespace {

using namespace std::chrono_literals;

/// The most requests in a window, each of which is remembered.
constexpr std::uint64_t most_requests = 10'000'000;
constexpr Duration longest_window = 24h;

/// The longest time that a bucket may take to fill.
constexpr Duration longest_filling = 365 * 24h;

constexpr std::array<std::pair<std::string_view, Duration>, 4> units{{{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}}};

constexpr std::array<std::pair<std::string_view, Counting>, 7> countings{{{"sliding", Counting::sliding},
                                                                          {"fixed", Counting::fixed},
                                                                          {"clock", Counting::clock},
                                                                          {"counter", Counting::counter},
                                                                          {"silence", Counting::silence},
                                                                          {"bucket", Counting::bucket},
                                                                          {"leaky", Counting::leaky}}};

std::optional<std::uint64_t> parse_requests(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number > most_requests) return std::nullopt;
    return number;
}

/// Parses a time such as `8s`; without a number, it is one unit.
std::optional<Duration> parse_window(std::string_view text) {
    std::uint32_t number = 1;
    const auto digits = std::from_chars(text.data(), text.data() + text.size(), number);
    if (digits.ec == std::errc::result_out_of_range || number == 0) return std::nullopt;
    const std::string_view name(digits.ptr, text.data() + text.size());
    for (const auto& [unit, length] : units) {
        if (name == unit && number <= longest_window / length) return number * length;
    }
    return std::nullopt;
}

/// Takes the part of `text` before its first `separator`, and the separator, off its front.
std::string_view take(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return taken;
}

bool parse_counting(AllowedRate& rate, std::string_view& text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return true;
    const std::string_view name = text.substr(0, colon);
    for (const auto& [known, counting] : countings) {
        if (name != known) continue;
        rate.counting = counting;
        text.remove_prefix(colon + 1);
        return true;
    }
    return false;
}

bool parse_number_of(std::string_view option, std::string_view name, std::uint64_t& number) {
    if (!option.starts_with(name)) return false;
    const auto parsed = parse_requests(option.substr(name.size()));
    if (parsed) number = *parsed;
    return parsed.has_value();
}

/// Reads an option after a comma.
bool parse_option(AllowedRate& rate, std::string_view option) {
    const bool is_bucket = rate.counting == Counting::bucket;
    const bool is_leaky = rate.counting == Counting::leaky;
    if (is_bucket || is_leaky) {
        if (parse_number_of(option, "burst=", rate.burst)) return is_leaky || rate.burst > 0;
    }
    if (is_leaky && option == "nodelay") {
        rate.undelayed = most_requests;
        return true;
    }
    if (is_leaky) return parse_number_of(option, "delay=", rate.undelayed);
    constexpr std::string_view step = "step=";
    if (is_bucket && option.starts_with(step)) {
        const auto parsed = parse_window(option.substr(step.size()));
        if (parsed) rate.step = *parsed;
        return parsed.has_value();
    }
    rate.counts_refused = option == "count-refused";
    return rate.counts_refused && (rate.counting == Counting::sliding || rate.counting == Counting::counter ||
                                   rate.counting == Counting::silence);
}

bool parse_rate(AllowedRate& rate, std::string_view text) {
    if (!parse_counting(rate, text) || text.ends_with(',')) return false;
    std::string_view amount = take(text, ',');
    const auto requests = parse_requests(take(amount, '/'));
    const auto window = parse_window(amount);
    if (!requests || *requests == 0 || !window) return false;
    rate.requests = *requests;
    rate.window = *window;
    if (rate.counting == Counting::bucket) rate.burst = rate.requests;
    while (!text.empty()) {
        if (!parse_option(rate, take(text, ','))) return false;
    }
    const Duration for_each = rate.window / static_cast<Duration::rep>(rate.requests) + 1ns;
    return static_cast<Duration::rep>(rate.burst) <= longest_filling / for_each;
}

}  // namespace

AllowedRate AllowedRate::parse(std::string_view text) {
    AllowedRate rate;
    if (parse_rate(rate, text)) return rate;
    throw Error(ErrorCode::bad_input, fmt::format("'{}' is not a rate such as 50/s, 500/m or 10/200ms, of at most 10 "
                                                  "million in at most a day, or one of {}",
                                                  text, forms()));
}

std::string AllowedRate::forms() {
    return "sliding:RATE[,count-refused], counter:RATE[,count-refused], silence:RATE[,count-refused], fixed:RATE, "
           "clock:RATE, bucket:RATE[,burst=N][,step=DURATION] and leaky:RATE[,burst=N][,delay=N|,nodelay]";
}

}  // namespace plait::mock
