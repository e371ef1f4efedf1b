#include "plait/mock/internal/limit_text.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace plait::mock {

namespace {

using namespace std::chrono_literals;
using internal::CalendarTime;
using internal::LimitState;
using internal::LimitTelling;

template <class Value>
struct Named {
    std::string_view name;
    Value value;
};

constexpr std::array<Named<LimitFields>, 6> field_names{{{"retry-after", LimitFields::retry_after},
                                                         {"draft", LimitFields::draft},
                                                         {"ratelimit", LimitFields::ratelimit},
                                                         {"x-ratelimit", LimitFields::x_ratelimit},
                                                         {"x-rate-limit", LimitFields::x_rate_limit},
                                                         {"x-ratelimit-requests", LimitFields::x_ratelimit_requests}}};

constexpr std::array<Named<ResetForm>, 5> form_names{{{"seconds", ResetForm::seconds},
                                                      {"date", ResetForm::date},
                                                      {"epoch", ResetForm::epoch},
                                                      {"epoch-ms", ResetForm::epoch_ms},
                                                      {"duration", ResetForm::duration}}};

constexpr std::array<Named<Lie::Kind>, 6> lie_names{{{"full", Lie::Kind::full},
                                                     {"used-up", Lie::Kind::used_up},
                                                     {"past", Lie::Kind::past},
                                                     {"garbage", Lie::Kind::garbage},
                                                     {"negative", Lie::Kind::negative},
                                                     {"huge", Lie::Kind::huge}}};

template <class Value, std::size_t size>
std::optional<Value> find(const std::array<Named<Value>, size>& all, std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(), [name](const auto& entry) { return entry.name == name; });
    return found == all.end() ? std::nullopt : std::optional(found->value);
}

template <class Value, std::size_t size>
std::string list(const std::array<Named<Value>, size>& all) {
    std::string text;
    for (const auto& entry : all) text.append(text.empty() ? "" : ", ").append(entry.name);
    return text;
}

/// The number of `unit`s in `duration`, rounded up.
template <class Unit>
std::int64_t count_up(Duration duration) {
    return std::chrono::ceil<Unit>(duration).count();
}

/// Numbers and times as they are written: the one place where lies are told.
class Words {
  public:
    explicit Words(const LimitTelling& telling) : telling_(telling) {}

    std::string number(std::uint64_t value) const { return falsified(fmt::format("{}", value)); }

    std::string remaining(const LimitState& state) const {
        if (telling_.lie == Lie::Kind::full) return fmt::format("{}", state.limit);
        if (telling_.lie == Lie::Kind::used_up) return "0";
        return number(state.remaining);
    }

    std::string reset(Duration wait, ResetForm form) const {
        if (telling_.lie == Lie::Kind::past) wait = -1h;
        const CalendarTime end = telling_.now + wait;
        const Duration since_1970 = end.time_since_epoch();
        switch (form) {
            case ResetForm::seconds:
                return falsified(fmt::format("{}", count_up<std::chrono::seconds>(wait)));
            case ResetForm::date:
                return falsified(internal::http_date(end));
            case ResetForm::epoch:
                return falsified(fmt::format("{}", count_up<std::chrono::seconds>(since_1970)));
            case ResetForm::epoch_ms:
                return falsified(fmt::format("{}", count_up<std::chrono::milliseconds>(since_1970)));
            case ResetForm::duration:
                return falsified(internal::duration_text(wait));
        }
        return {};
    }

  private:
    std::string falsified(std::string truth) const {
        if (telling_.lie == Lie::Kind::garbage) return "soon; maybe";
        if (telling_.lie == Lie::Kind::negative) return "-17";
        if (telling_.lie == Lie::Kind::huge) return "999999999999999999999";
        return truth;
    }

    const LimitTelling& telling_;
};

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t at) {
            return i + at < bytes.size() ? static_cast<std::uint8_t>(bytes[i + at]) : 0u;
        };
        const std::uint32_t bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text += digits[bits >> 18];
        text += digits[bits >> 12 & 63];
        text += i + 1 < bytes.size() ? digits[bits >> 6 & 63] : '=';
        text += i + 2 < bytes.size() ? digits[bits & 63] : '=';
    }
    return text;
}

/// The lists of the draft's sections 3 and 4: every limit is told, under a name such as `60s`.
void append_draft(std::string& out, const LimitTelling& telling, const Words& words) {
    std::string policies;
    std::string states;
    for (const LimitState& state : telling.limits) {
        const std::string_view separator = policies.empty() ? "" : ", ";
        const std::string name = fmt::format("{}\"{}\"", separator, internal::duration_text(state.window));
        const std::string partition =
            telling.partition.empty() ? "" : fmt::format(";pk=:{}:", base64(telling.partition));
        policies += fmt::format("{};q={};w={}{}", name, words.number(state.limit),
                                count_up<std::chrono::seconds>(state.window), partition);
        states += fmt::format("{};r={};t={}{}", name, words.remaining(state),
                              words.reset(state.reset, ResetForm::seconds), partition);
    }
    out.append("RateLimit-Policy: ").append(policies).append("\r\nRateLimit: ").append(states).append("\r\n");
}

/// Three fields with the limit, what remains of it, and the reset.
void append_three(std::string& out, std::string_view prefix, std::string_view suffix, ResetForm form,
                  const LimitTelling& telling, const Words& words) {
    const LimitState& state = telling.limits[telling.tightest];
    const auto append = [&](std::string_view field, const std::string& value) {
        fmt::format_to(std::back_inserter(out), "{}{}{}: {}\r\n", prefix, field, suffix, value);
    };
    append("Limit", words.number(state.limit));
    append("Remaining", words.remaining(state));
    append("Reset", words.reset(state.reset, form));
}

void append_dialect(std::string& out, const LimitDialect& dialect, const LimitTelling& telling) {
    const Words words(telling);
    switch (dialect.fields) {
        case LimitFields::retry_after:
            if (!telling.refused) return;
            out.append("Retry-After: ");
            out.append(words.reset(telling.limits[telling.tightest].reset, dialect.reset)).append("\r\n");
            return;
        case LimitFields::draft:
            return append_draft(out, telling, words);
        case LimitFields::ratelimit:
            return append_three(out, "RateLimit-", "", dialect.reset, telling, words);
        case LimitFields::x_ratelimit:
            return append_three(out, "X-RateLimit-", "", dialect.reset, telling, words);
        case LimitFields::x_rate_limit:
            return append_three(out, "X-Rate-Limit-", "", dialect.reset, telling, words);
        case LimitFields::x_ratelimit_requests:
            return append_three(out, "X-RateLimit-", "-Requests", dialect.reset, telling, words);
    }
}

}  // namespace

namespace internal {

void append_limit_headers(std::string& out, std::span<const LimitDialect> dialects, const LimitTelling& telling) {
    for (const LimitDialect& dialect : dialects) append_dialect(out, dialect, telling);
}

std::string http_date(CalendarTime time) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[std::chrono::weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

std::string duration_text(Duration duration) {
    if (duration < Duration::zero()) return "-" + duration_text(-duration);
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(duration);
    if (milliseconds < 1s && milliseconds > 0ms) return fmt::format("{}ms", milliseconds.count());
    if (milliseconds < 60s) return fmt::format("{}s", static_cast<double>(milliseconds.count()) / 1000);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
    const std::string minutes_text = fmt::format("{}m{}s", seconds / 60 % 60, seconds % 60);
    return seconds < 3600 ? minutes_text : fmt::format("{}h{}", seconds / 3600, minutes_text);
}

}  // namespace internal

std::optional<LimitDialect> LimitDialect::named(std::string_view name) {
    const auto colon = name.find(':');
    const auto fields = find(field_names, name.substr(0, colon));
    const auto reset = colon == std::string_view::npos ? ResetForm::seconds : find(form_names, name.substr(colon + 1));
    if (!fields || !reset) return std::nullopt;
    if (*fields == LimitFields::draft && *reset != ResetForm::seconds) return std::nullopt;
    return LimitDialect{*fields, *reset};
}

std::string LimitDialect::names() {
    return list(field_names) + ", each but draft with :FORM behind it for the reset (" + list(form_names) + ")";
}

std::vector<LimitDialect> parse_dialects(std::string_view text) {
    std::vector<LimitDialect> dialects;
    if (text == "none") return dialects;
    for (;;) {
        const auto comma = text.find(',');
        const auto dialect = LimitDialect::named(text.substr(0, comma));
        if (!dialect) {
            throw Error(ErrorCode::bad_input, fmt::format("there are no limit headers '{}'; there are {}",
                                                          text.substr(0, comma), LimitDialect::names()));
        }
        dialects.push_back(*dialect);
        if (comma == std::string_view::npos) return dialects;
        text.remove_prefix(comma + 1);
    }
}

std::optional<Lie> Lie::named(std::string_view name) {
    const auto kind = find(lie_names, name);
    return kind ? std::optional(Lie(*kind)) : std::nullopt;
}

std::string Lie::names() { return list(lie_names); }

}  // namespace plait::mock
