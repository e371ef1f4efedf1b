#include "plait/http/limit_headers/reset_time.hpp"

#include "plait/base/text/trim.hpp"
#include "plait/http/limit_headers/internal/number_text.hpp"
#include "plait/http/message/date.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

namespace plait::http {

namespace {

using namespace std::chrono_literals;
using internal::parse_number;
using internal::take_number;

// The costs of a meaning. Only their order matters: a meaning that contradicts the rest of the answer loses to any that
// does not, and one that agrees with it beats any that is merely more usual.
constexpr double unusual = 1;
constexpr double rare = 1.5;
constexpr double over_long_ago = 2;
constexpr double implausibly_long = 2;
constexpr double contradicts = 4;
constexpr double agrees = -3;

// Rounding and the latency of the answer make a reset exceed its window by up to about this.
constexpr Duration tolerance = 2s;
// A reset may have passed, but by less than the smallest difference between time zones.
constexpr Duration passed_recently = 15min;
// There are limits per month, but hardly any answer comes longer than this before the end of its window.
constexpr double usual_seconds = 31.0 * 86400;
// Seconds from 1970 to 2001. A machine whose clock was never set must not take every number for a date.
constexpr double least_since_1970 = 1e9;
// How long after its `Date` an answer arrives: servers reuse the text of a date for up to a second.
constexpr Duration oldest_date = 2s;

Duration grain_of_digits(std::string_view number, Duration unit) noexcept {
    const auto point = number.find('.');
    Duration grain = unit;
    if (point == std::string_view::npos) return grain;
    for (std::size_t digits = number.size() - point - 1; digits > 0; --digits) grain /= 10;
    return grain;
}

struct SpanUnit {
    std::string_view name;
    double seconds;
    Duration grain;
};

// A unit comes before its prefixes.
constexpr std::array<SpanUnit, 6> span_units{
    {{"ms", 1e-3, 1ms}, {"us", 1e-6, 1us}, {"d", 86400, 24h}, {"h", 3600, 1h}, {"m", 60, 1min}, {"s", 1, 1s}}};

/// Parses a duration such as `6m0s`, `1h2m3.5s` or `20ms`.
std::optional<ParsedWait> parse_span(std::string_view text) noexcept {
    double seconds = 0;
    ParsedWait parsed;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        const std::string_view number_text = text.substr(0, text.find_first_not_of("0123456789."));
        const auto number = take_number(text);
        const auto unit = std::find_if(span_units.begin(), span_units.end(),
                                       [&](const SpanUnit& known) { return text.starts_with(known.name); });
        if (!number || unit == span_units.end()) return std::nullopt;
        seconds += *number * unit->seconds;
        parsed.grain = grain_of_digits(number_text, unit->grain);
        text.remove_prefix(unit->name.size());
    }
    const auto wait = duration_of(seconds);
    if (!wait) return std::nullopt;
    parsed.wait = *wait;
    return parsed;
}

bool agree(const ParsedWait& a, const ParsedWait& b) noexcept {
    const Duration difference = std::chrono::abs(a.wait - b.wait);
    // Two short waits are close to each other whatever they mean.
    return difference <= std::max({a.grain, b.grain, Duration(100ms)}) && difference <= std::max(a.wait, b.wait) / 2;
}

}  // namespace

std::optional<Duration> duration_of(double seconds) noexcept {
    constexpr double most = std::chrono::duration<double>(longest_wait).count();
    if (!(seconds >= 0 && seconds <= most)) return std::nullopt;
    return Duration(static_cast<Duration::rep>(std::ceil(seconds * 1e9)));
}

WallTime server_time(const Headers& headers, WallTime now) {
    const auto date = headers.get("date");
    const auto sent = date ? parse_date(trimmed(*date), now) : std::nullopt;
    return sent ? std::clamp(now, sent->time, sent->time + oldest_date) : now;
}

ResetTime::ResetTime(std::string_view text, WallTime now, Unit unit) {
    text = trimmed(text);
    if (const auto number = parse_number(text)) {
        read_number(text, *number, now, unit);
    } else if (const auto span = parse_span(text)) {
        meanings_.push_back({span->wait, span->grain, 0});
    } else {
        read_date(text, now);
    }
}

/// Adds a wait of `seconds` from now, unless it lies further ahead, or back, than any limit reaches.
void ResetTime::add(double seconds, Duration grain, double cost) {
    const bool is_over = seconds < 0;
    const auto length = duration_of(std::abs(seconds));
    if (length) meanings_.push_back({is_over ? -*length : *length, grain, cost});
}

void ResetTime::read_number(std::string_view text, double number, WallTime now, Unit unit) {
    const double since_1970 = std::chrono::duration<double>(now.time_since_epoch()).count();
    const Duration of_seconds = grain_of_digits(text, 1s);
    const Duration of_milliseconds = grain_of_digits(text, 1ms);
    // Milliseconds that end in 000 are as coarse as seconds.
    const Duration of_epoch_milliseconds = std::fmod(number, 1000) == 0 ? Duration(1s) : of_milliseconds;
    if (number >= least_since_1970) {
        if (unit != Unit::milliseconds) add(number - since_1970, of_seconds, 0);
        if (unit != Unit::seconds) add(number / 1e3 - since_1970, of_epoch_milliseconds, 0);
        if (unit == Unit::any) add(number / 1e6 - since_1970, 1us, 0);
        if (unit == Unit::any) add(number / 1e9 - since_1970, 1us, 0);
    }
    if (!meanings_.empty()) return;  // no wait is as long as the time since 1970
    if (unit != Unit::milliseconds) add(number, of_seconds, number > usual_seconds ? implausibly_long : 0);
    if (unit != Unit::seconds) add(number / 1e3, of_milliseconds, unit == Unit::any ? unusual : 0);
}

void ResetTime::read_date(std::string_view text, WallTime now) {
    const auto date = parse_date(text, now);
    if (!date || date->time - now > longest_wait || now - date->time > longest_wait) return;
    meanings_.push_back({date->time - now, date->grain, 0});
    if (date->has_zone) return;
    for (Duration offset = -12h; offset <= 14h; offset += 30min) {
        const bool is_whole = offset % Duration(1h) == Duration::zero();
        if (offset != Duration::zero())
            meanings_.push_back({date->time - now - offset, date->grain, is_whole ? unusual : rare});
    }
}

std::optional<ParsedWait> ResetTime::most_plausible(const WaitEvidence& evidence) const {
    const Meaning* best = nullptr;
    double least = 0;
    for (const Meaning& meaning : meanings_) {
        double cost = meaning.cost;
        if (meaning.wait < -passed_recently) cost += over_long_ago;
        if (evidence.at_most && meaning.wait > *evidence.at_most + *evidence.at_most / 10 + tolerance)
            cost += contradicts;
        if (evidence.likely && agree({meaning.wait, meaning.grain}, *evidence.likely)) cost += agrees;
        // Of two meanings with the same cost, the earlier one that is not over wins.
        const bool is_sooner = best && cost == least && meaning.wait >= Duration::zero() &&
                               (best->wait < Duration::zero() || meaning.wait < best->wait);
        if (best && cost >= least && !is_sooner) continue;
        best = &meaning;
        least = cost;
    }
    if (!best) return std::nullopt;
    return ParsedWait{std::max(best->wait, Duration::zero()), best->grain};
}

}  // namespace plait::http
