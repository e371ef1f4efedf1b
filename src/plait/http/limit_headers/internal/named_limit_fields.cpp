#include "plait/http/limit_headers/internal/named_limit_fields.hpp"

#include "plait/http/limit_headers/internal/number_text.hpp"
#include "plait/http/limit_headers/internal/structured_list.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace plait::http::internal {

namespace {

using policy::LimitNotice;
using Part = LimitField::Part;

// A list such as `100, 100;w=60` has one item for each window.
constexpr std::size_t most_items = 16;

/// Reads the first limit of a list such as `100, 100;w=60`, and the window of the item with the same amount.
void read_limit(std::string_view value, LimitNotice& notice) {
    const auto items = StructuredList::parse(value, most_items);
    if (items.empty() || !items.front().value.number) return;
    notice.limit = items.front().value.number;
    for (const auto& item : items) {
        const auto window = item.number("w");
        if (item.value.number == notice.limit && window) notice.window = duration_of(*window);
    }
}

bool is_finer(const ResetTime& a, const ResetTime& b) {
    const auto meaning_of_a = a.most_plausible();
    const auto meaning_of_b = b.most_plausible();
    return meaning_of_a && (!meaning_of_b || meaning_of_a->grain < meaning_of_b->grain);
}

/// Converts the amounts of a bucket from which each request takes `request_cost` into requests.
void count_requests(LimitNotice& notice, double request_cost) {
    for (std::optional<double>* amount : {&notice.limit, &notice.remaining}) {
        if (*amount) **amount = std::floor(**amount / request_cost);
    }
    if (notice.refill_per_s) *notice.refill_per_s /= request_cost;
}

}  // namespace

NamedLimitFields::Limit::Limit(const LimitField& field_) : field(field_), notice(field.unit, field.limit_name()) {
    notice.window = field.window;
}

NamedLimitFields::NamedLimitFields(const Headers& headers, WallTime sent_at, const policy::Costs& costs,
                                   std::size_t most)
    : sent_at_(sent_at), most_(most) {
    for (const auto& [header, value] : headers) {
        if (const auto field = parse_limit_field(header, costs)) take(*field, value);
    }
    for (Limit& limit : limits_) settle_amounts(limit);
}

std::optional<Duration> NamedLimitFields::longest_window() const {
    std::optional<Duration> longest;
    for (const Limit& limit : limits_) longest = std::max(longest, limit.notice.window);
    return longest;
}

std::optional<ParsedWait> NamedLimitFields::certain_reset() const {
    std::optional<ParsedWait> longest;
    for (const Limit& limit : limits_) {
        if (!limit.reset || !limit.reset->is_certain()) continue;
        const auto reset = limit.reset->most_plausible();
        if (reset && (!longest || longest->wait < reset->wait)) longest = reset;
    }
    return longest;
}

std::vector<LimitNotice> NamedLimitFields::notices(std::optional<Duration> window,
                                                   const std::optional<ParsedWait>& wait) {
    std::vector<LimitNotice> notices;
    for (Limit& limit : limits_) {
        WaitEvidence evidence;
        evidence.at_most = limit.notice.window ? limit.notice.window : window;
        evidence.likely = wait;
        if (const auto reset = limit.reset ? limit.reset->most_plausible(evidence) : std::nullopt) {
            limit.notice.reset = reset->wait;
            limit.notice.reset_grain = reset->grain;
        }
        notices.push_back(std::move(limit.notice));
    }
    return notices;
}

/// Null when there are as many limits as are read.
NamedLimitFields::Limit* NamedLimitFields::limit_of(const LimitField& field) {
    for (Limit& limit : limits_) {
        if (limit.field.has_same_limit_as(field)) return &limit;
    }
    return limits_.size() < most_ ? &limits_.emplace_back(field) : nullptr;
}

void NamedLimitFields::take(const LimitField& field, std::string_view value) {
    if (field.part == Part::wait) return;
    Limit* limit = limit_of(field);
    if (!limit) return;
    LimitNotice& notice = limit->notice;
    switch (field.part) {
        case Part::limit:
            if (!notice.limit) read_limit(value, notice);
            break;
        case Part::remaining:
            if (!notice.remaining) notice.remaining = parse_number(value.substr(0, value.find(',')));
            break;
        case Part::reset:
        case Part::reset_after:
            take_reset(*limit, field, value);
            break;
        case Part::window:
            if (const auto window = ResetTime(value, sent_at_, field.time_unit).most_plausible())
                notice.window = window->wait;
            break;
        case Part::refill:
            notice.refill_per_s = parse_number(value);
            break;
        case Part::refill_once:
            limit->refill_once = parse_number(value);
            break;
        case Part::request_cost:
            limit->request_cost = parse_number(value);
            break;
        case Part::wait:
            break;
    }
}

void NamedLimitFields::take_reset(Limit& limit, const LimitField& field, std::string_view value) const {
    const ResetTime reset(value, sent_at_, field.time_unit);
    if (field.part == Part::reset_after) {
        if (!reset.most_plausible()) return;
        limit.counts_from_now = true;
        limit.reset = reset;
    } else if (!limit.reset || (!limit.counts_from_now && is_finer(reset, *limit.reset))) {
        limit.reset = reset;
    }
}

void NamedLimitFields::settle_amounts(Limit& limit) {
    LimitNotice& notice = limit.notice;
    // `FillRate` is per window.
    if (limit.refill_once && notice.window && *notice.window > Duration::zero())
        notice.refill_per_s = *limit.refill_once / std::chrono::duration<double>(*notice.window).count();
    if (limit.request_cost.value_or(0) > 0 && notice.unit == policy::requests_unit)
        count_requests(notice, *limit.request_cost);
}

}  // namespace plait::http::internal
