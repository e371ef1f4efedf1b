#include "plait/http/limit_headers.hpp"

#include "plait/http/date.hpp"
#include "plait/policy/costs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace plait::http {

namespace {

using policy::LimitNotice;

// No server means a limit for longer than this; more is nonsense, or another unit.
constexpr std::chrono::seconds longest = std::chrono::hours(24 * 366);
// A clock that differs from the server's by less is as right as a date in whole seconds.
constexpr std::chrono::seconds clocks_agree(2);

std::string_view trimmed(std::string_view text) noexcept {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), to_lower);
    return result;
}

/// Takes a number without a sign off the front of `text`.
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

std::optional<Duration> duration_of(double seconds) noexcept {
    if (!(seconds >= 0 && seconds <= static_cast<double>(longest.count()))) return std::nullopt;
    return Duration(static_cast<Duration::rep>(std::ceil(seconds * 1e9)));
}

/// A duration such as `6m0s`, `1h2m3.5s` or `20ms`.
std::optional<Duration> parse_span(std::string_view text) noexcept {
    constexpr std::array<std::pair<std::string_view, double>, 6> units{
        {{"ms", 1e-3}, {"us", 1e-6}, {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};
    double seconds = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        const auto unit = std::find_if(units.begin(), units.end(),
                                       [&](const auto& candidate) { return text.starts_with(candidate.first); });
        if (!number || unit == units.end()) return std::nullopt;
        seconds += *number * unit->second;
        text.remove_prefix(unit->first.size());
    }
    return duration_of(seconds);
}

/// Tells times of day as durations from now on.
class Calendar {
  public:
    Calendar(const Headers& headers, WallTime now) : now_(now) {
        const auto date = headers.get("date");
        const auto server = date ? parse_http_date(*date, now) : std::nullopt;
        if (server && std::chrono::abs(*server - now) > clocks_agree) now_ = *server;
    }

    std::optional<Duration> until(WallTime time) const noexcept {
        return time - now_ > longest ? std::nullopt : std::optional(std::max(time - now_, Duration::zero()));
    }
    std::optional<Duration> until_date(std::string_view text) const {
        auto time = parse_http_date(text, now_);
        if (!time) time = parse_internet_date(text);
        return time ? until(*time) : std::nullopt;
    }
    /// A reset in any of its forms.
    std::optional<Duration> until_reset(std::string_view text) const {
        text = trimmed(text);
        if (text.empty()) return std::nullopt;
        const auto number = parse_number(text);
        if (!number) {
            const auto span = parse_span(text);
            return span ? span : until_date(text);
        }
        // A duration of 30 years is none; a number of seconds since 1970 that large would be the year 5138.
        constexpr double least_epoch_seconds = 1e9;
        constexpr double least_epoch_milliseconds = 1e11;
        constexpr double most_epoch_milliseconds = 7e12;
        if (*number < least_epoch_seconds) return duration_of(*number);
        if (*number > most_epoch_milliseconds) return std::nullopt;
        const double seconds = *number >= least_epoch_milliseconds ? *number / 1e3 : *number;
        return until(WallTime() + std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
    }

  private:
    WallTime now_;
};

/// Takes apart lists of items with parameters (RFC 9651, section 3.1), as far as limits need it: names and numbers. A
/// fault makes the whole field nothing, as the RFC wants it.
class StructuredList {
  public:
    struct Parameter {
        std::string key;
        std::string text;              // of a string or token
        std::optional<double> number;  // of a number
    };
    struct Item {
        Parameter value;  // its key is that of a dictionary's member, or empty
        std::vector<Parameter> parameters;

        const Parameter* find(std::string_view key) const noexcept {
            const auto found = std::find_if(parameters.begin(), parameters.end(),
                                            [&](const Parameter& parameter) { return parameter.key == key; });
            return found == parameters.end() ? nullptr : &*found;
        }
        std::optional<double> number(std::string_view key) const noexcept {
            const Parameter* parameter = find(key);
            return parameter ? parameter->number : std::nullopt;
        }
    };

    static std::vector<Item> parse(std::string_view text) {
        StructuredList list(trimmed(text));
        std::vector<Item> items;
        while (!list.failed_ && !list.rest_.empty() && items.size() < most_notices) {
            Item& item = items.emplace_back();
            list.read_member(item);
            list.skip_blanks();
            if (list.rest_.empty()) break;
            if (!list.take(',')) return {};
            list.skip_blanks();
        }
        if (list.failed_) return {};
        return items;
    }

  private:
    explicit StructuredList(std::string_view text) noexcept : rest_(text) {}

    void read_member(Item& item) {
        read_value(item.value);
        if (take('=')) {  // a dictionary, as in draft 7
            item.value.key = std::exchange(item.value.text, {});
            read_value(item.value);
        }
        while (!failed_ && take(';')) {
            skip_blanks();
            Parameter& parameter = item.parameters.emplace_back();
            parameter.key = read_token();
            if (take('=')) read_value(parameter);
        }
    }
    void read_value(Parameter& parameter) {
        if (rest_.starts_with('"')) {
            parameter.text = read_string();
        } else if (rest_.starts_with(':')) {  // bytes: a partition key, which is not for us
            const auto end = rest_.find(':', 1);
            failed_ = failed_ || end == std::string_view::npos;
            rest_.remove_prefix(failed_ ? rest_.size() : end + 1);
        } else if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            parameter.number = take_number(rest_);
        } else {
            parameter.text = read_token();
        }
    }
    std::string read_string() {
        std::string text;
        rest_.remove_prefix(1);
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\') rest_.remove_prefix(1);
            if (rest_.empty()) break;
            text.push_back(rest_.front());
            rest_.remove_prefix(1);
        }
        if (!take('"')) failed_ = true;
        return text;
    }
    std::string read_token() {
        std::size_t size = 0;
        while (size < rest_.size() && std::string_view(",;= \t\"").find(rest_[size]) == std::string_view::npos) ++size;
        if (size == 0) failed_ = true;
        std::string token(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return token;
    }
    bool take(char c) noexcept {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void skip_blanks() noexcept {
        while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
    }

    std::string_view rest_;
    bool failed_ = false;
};

std::optional<Duration> seconds(std::optional<double> number) noexcept {
    return number ? duration_of(*number) : std::nullopt;
}

/// `RateLimit` and `RateLimit-Policy`: the first says what is left of a policy, the second what the policy is.
void read_standard_fields(const Headers& headers, std::vector<LimitNotice>& notices) {
    struct Policy {
        std::string name;
        LimitNotice notice;
        bool counts_rate;
    };
    std::vector<Policy> policies;
    const auto policy_named = [&](const std::string& name) -> Policy& {
        for (Policy& policy : policies) {
            if (policy.name == name) return policy;
        }
        return policies.emplace_back(Policy{name, LimitNotice(policy::requests_unit, "ratelimit"), true});
    };

    if (const auto field = headers.get("ratelimit-policy")) {
        for (const auto& item : StructuredList::parse(*field)) {
            // Before draft 8 the item was the limit itself, and nameless.
            const std::string name = item.value.number ? "#" + std::to_string(policies.size()) : item.value.text;
            Policy& policy = policy_named(name);
            policy.notice.source = "ratelimit-policy";
            policy.notice.limit = item.value.number ? item.value.number : item.number("q");
            policy.notice.window = seconds(item.number("w"));
            if (const auto* unit = item.find("qu"); unit && !unit->text.empty()) policy.notice.unit = lower(unit->text);
            policy.counts_rate = policy.notice.unit != "concurrent-requests";
        }
    }
    if (const auto field = headers.get("ratelimit")) {
        const auto items = StructuredList::parse(*field);
        for (const auto& item : items) {
            if (item.value.key.empty()) {
                const auto remaining = item.number("r");
                if (!remaining || item.value.text.empty()) continue;
                Policy& policy = policy_named(item.value.text);
                policy.notice.source = "ratelimit";
                policy.notice.remaining = remaining;
                policy.notice.reset = seconds(item.number("t"));
                continue;
            }
            Policy& policy = policy_named("");  // draft 7: limit=100, remaining=50, reset=5
            policy.notice.source = "ratelimit";
            if (item.value.key == "limit") policy.notice.limit = item.value.number;
            if (item.value.key == "remaining") policy.notice.remaining = item.value.number;
            if (item.value.key == "reset") policy.notice.reset = seconds(item.value.number);
        }
    }
    for (Policy& policy : policies) {
        if (!policy.counts_rate) continue;
        // Two policies of one answer are two limits.
        if (!policy.name.empty() && policies.size() > 1) policy.notice.source += " " + policy.name;
        notices.push_back(std::move(policy.notice));
    }
}

/// The parts of a name such as `x-ratelimit-remaining-tokens-minute`.
struct FieldName {
    std::string family;  // `x-ratelimit`
    std::string kind;    // `limit`, `remaining`, `reset` or `reset-after`
    std::string unit;
    std::string span;  // `minute`; empty
};

std::optional<Duration> window_named(std::string_view name) noexcept {
    constexpr std::array<std::pair<std::string_view, std::chrono::seconds>, 5> windows{
        {{"second", std::chrono::seconds(1)},
         {"minute", std::chrono::minutes(1)},
         {"hour", std::chrono::hours(1)},
         {"day", std::chrono::hours(24)},
         {"month", std::chrono::hours(24 * 30)}}};
    for (const auto& [known, window] : windows) {
        if (name == known) return window;
    }
    return std::nullopt;
}

std::optional<FieldName> take_apart(std::string_view header) {
    const std::string text = lower(header);
    FieldName name;
    std::size_t end = std::string::npos;
    for (const std::string_view word : {"ratelimit-", "rate-limit-"}) {
        const auto begin = text.find(word);
        if (begin == std::string::npos || (begin > 0 && text[begin - 1] != '-')) continue;
        end = begin + word.size();
        break;
    }
    if (end == std::string::npos) return std::nullopt;
    name.family = text.substr(0, end - 1);

    std::string_view rest(text);
    rest.remove_prefix(end);
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find('-'));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (name.kind.empty() && (word == "limit" || word == "remaining" || word == "reset")) {
            name.kind = word;
        } else if (name.kind == "reset" && word == "after") {
            name.kind = "reset-after";
        } else if (window_named(word)) {
            name.span = word;
        } else {
            name.unit += (name.unit.empty() ? "" : "-") + std::string(word);
        }
    }
    if (name.kind.empty()) return std::nullopt;
    if (name.unit.empty()) name.unit = policy::requests_unit;
    return name;
}

/// The first of a list such as `100, 100;w=60`, and the window of the policy that has the same amount.
void read_limit(std::string_view value, LimitNotice& notice) {
    const auto items = StructuredList::parse(value);
    if (items.empty() || !items.front().value.number) return;
    notice.limit = items.front().value.number;
    for (const auto& item : items) {
        if (item.value.number == notice.limit && item.number("w")) notice.window = seconds(item.number("w"));
    }
}

/// `RateLimit-Limit`, `-Remaining` and `-Reset`, and all that are named like them.
void read_single_fields(const Headers& headers, const Calendar& calendar, std::vector<LimitNotice>& notices) {
    struct Group {
        FieldName name;
        LimitNotice notice;
    };
    std::vector<Group> groups;
    for (const auto& [header, value] : headers) {
        auto name = take_apart(header);
        if (!name) continue;
        auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& other) {
            return other.name.family == name->family && other.name.unit == name->unit && other.name.span == name->span;
        });
        if (group == groups.end()) {
            if (groups.size() == most_notices) continue;
            group = groups.insert(group, Group{*name, LimitNotice(name->unit, lower(header))});
            group->notice.window = window_named(name->span);
        }
        LimitNotice& notice = group->notice;
        if (name->kind == "limit" && !notice.limit) read_limit(value, notice);
        if (name->kind == "remaining" && !notice.remaining) {
            notice.remaining = parse_number(value.substr(0, value.find(',')));
            if (notice.remaining) notice.source = lower(header);
        }
        if (name->kind == "reset" && !notice.reset) notice.reset = calendar.until_reset(value);
        if (name->kind == "reset-after") notice.reset = seconds(parse_number(value));
    }
    for (Group& group : groups) notices.push_back(std::move(group.notice));
}

std::optional<Duration> read_retry_after(const Headers& headers, const Calendar& calendar) {
    if (const auto field = headers.get("retry-after-ms")) {
        const auto number = parse_number(*field);
        if (number) return duration_of(*number / 1e3);
    }
    const auto field = headers.get(retry_after_name);
    if (!field) return std::nullopt;
    const auto number = parse_number(*field);
    return number ? duration_of(*number) : calendar.until_date(trimmed(*field));
}

/// A quick look, because most answers say nothing of limits: all names of such fields have "limit" or "retry-after" in
/// them.
bool may_say_something(const Headers& headers) {
    for (const auto& [name, value] : headers) {
        for (std::size_t at = 0; at + 5 <= name.size(); ++at) {
            const char first = name[at];
            if ((first == 'l' || first == 'L') && equal_ignoring_case(name.substr(at, 5), "limit")) return true;
            if ((first == 'r' || first == 'R') && equal_ignoring_case(name.substr(at, 5), "retry")) return true;
        }
    }
    return false;
}

}  // namespace

LimitHeaders read_limit_headers(const Headers& headers, WallTime now) {
    LimitHeaders limits;
    if (!may_say_something(headers)) return limits;
    const Calendar calendar(headers, now);
    limits.retry_after = read_retry_after(headers, calendar);
    read_standard_fields(headers, limits.notices);
    read_single_fields(headers, calendar, limits.notices);
    std::erase_if(limits.notices,
                  [](const LimitNotice& notice) { return !notice.limit && !notice.remaining && !notice.reset; });
    if (limits.notices.size() > most_notices)
        limits.notices.erase(limits.notices.begin() + most_notices, limits.notices.end());
    return limits;
}

}  // namespace plait::http
