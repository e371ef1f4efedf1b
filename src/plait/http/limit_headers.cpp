#include "plait/http/limit_headers.hpp"

#include "plait/http/internal/limit_field.hpp"
#include "plait/http/internal/structured_list.hpp"
#include "plait/http/told_time.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace plait::http {

namespace {

using internal::LimitField;
using internal::StructuredList;
using policy::LimitNotice;

constexpr Duration whole_seconds = std::chrono::seconds(1);

std::optional<Duration> seconds(std::optional<double> number) noexcept {
    return number ? duration_of(*number) : std::nullopt;
}

void tell_reset(LimitNotice& notice, std::optional<double> number) noexcept {
    notice.reset = seconds(number);
    if (notice.reset) notice.reset_grain = whole_seconds;
}

/// `RateLimit` and `RateLimit-Policy`: the first says what is left of a policy, the second what the policy is.
class StandardFields {
  public:
    static std::vector<LimitNotice> read(const Headers& headers) {
        StandardFields fields;
        if (const auto field = headers.get("ratelimit-policy")) fields.read_policies(*field);
        if (const auto field = headers.get("ratelimit")) fields.read_states(*field);
        return fields.notices();
    }

  private:
    struct Policy {
        std::string name;
        LimitNotice notice;
        bool counts_rate;
    };

    Policy& policy_named(const std::string& name) {
        for (Policy& policy : policies_) {
            if (policy.name == name) return policy;
        }
        return policies_.emplace_back(Policy{name, LimitNotice(policy::requests_unit, "ratelimit"), true});
    }

    void read_policies(std::string_view field) {
        for (const auto& item : StructuredList::parse(field, most_notices)) {
            // Before draft 8 the item was the limit itself, and nameless.
            const std::string name = item.value.number ? "#" + std::to_string(policies_.size()) : item.value.text;
            Policy& policy = policy_named(name);
            policy.notice.source = "ratelimit-policy";
            policy.notice.limit = item.value.number ? item.value.number : item.number("q");
            policy.notice.window = seconds(item.number("w"));
            if (const auto* unit = item.find("qu"); unit && !unit->text.empty()) policy.notice.unit = lower(unit->text);
            policy.counts_rate = policy.notice.unit != "concurrent-requests";
        }
    }

    void read_states(std::string_view field) {
        for (const auto& item : StructuredList::parse(field, most_notices)) {
            if (item.value.key.empty()) {
                const auto remaining = item.number("r");
                if (!remaining || item.value.text.empty()) continue;
                Policy& policy = policy_named(item.value.text);
                policy.notice.source = "ratelimit";
                policy.notice.remaining = remaining;
                tell_reset(policy.notice, item.number("t"));
                continue;
            }
            Policy& policy = policy_named("");  // draft 7: limit=100, remaining=50, reset=5
            policy.notice.source = "ratelimit";
            if (item.value.key == "limit") policy.notice.limit = item.value.number;
            if (item.value.key == "remaining") policy.notice.remaining = item.value.number;
            if (item.value.key == "reset") tell_reset(policy.notice, item.value.number);
        }
    }

    std::vector<LimitNotice> notices() {
        std::vector<LimitNotice> notices;
        for (Policy& policy : policies_) {
            if (!policy.counts_rate) continue;
            // Two policies of one answer are two limits.
            if (!policy.name.empty() && policies_.size() > 1) policy.notice.source += " " + policy.name;
            notices.push_back(std::move(policy.notice));
        }
        return notices;
    }

    std::vector<Policy> policies_;
};

/// The first of a list such as `100, 100;w=60`, and the window of the policy that has the same amount.
void read_limit(std::string_view value, LimitNotice& notice) {
    const auto items = StructuredList::parse(value, most_notices);
    if (items.empty() || !items.front().value.number) return;
    notice.limit = items.front().value.number;
    for (const auto& item : items) {
        if (item.value.number == notice.limit && item.number("w")) notice.window = seconds(item.number("w"));
    }
}

/// `RateLimit-Limit`, `-Remaining` and `-Reset`, and all that are named like them: first what they say, then what it
/// means, because each time is understood by the others.
class SingleFields {
  public:
    SingleFields(const Headers& headers, WallTime sent_at, const policy::Costs& costs) : sent_at_(sent_at) {
        for (const auto& [header, value] : headers) {
            if (const auto field = internal::parse_limit_field(header, costs)) take(*field, header, value);
        }
        for (Told& told : told_) {
            // `FillRate` is for each interval.
            LimitNotice& notice = told.notice;
            if (told.refill_once && notice.window && *notice.window > Duration::zero())
                notice.refill_per_s = *told.refill_once / std::chrono::duration<double>(*notice.window).count();
            if (told.request_cost.value_or(0) > 0 && notice.unit == policy::requests_unit) count_requests(told);
        }
    }

    std::optional<Duration> longest_window() const {
        std::optional<Duration> longest;
        for (const Told& told : told_) longest = std::max(longest, told.notice.window);
        return longest;
    }

    /// The longest reset of which there is no doubt.
    std::optional<ToldWait> certain_reset() const {
        std::optional<ToldWait> longest;
        for (const Told& told : told_) {
            const auto reset = told.reset && told.reset->is_certain() ? told.reset->meant() : std::nullopt;
            if (reset && (!longest || longest->wait < reset->wait)) longest = reset;
        }
        return longest;
    }

    /// `wait`: what the answer asks for.
    std::vector<LimitNotice> notices(std::optional<Duration> window, const std::optional<ToldWait>& wait) {
        std::vector<LimitNotice> notices;
        for (Told& told : told_) {
            WaitEvidence evidence;
            evidence.most = told.notice.window ? told.notice.window : window;
            evidence.likely = wait;
            const auto reset = told.reset ? told.reset->meant(evidence) : std::nullopt;
            if (reset) {
                told.notice.reset = reset->wait;
                told.notice.reset_grain = reset->grain;
            }
            notices.push_back(std::move(told.notice));
        }
        return notices;
    }

  private:
    struct Told {
        LimitField field;
        LimitNotice notice;
        std::optional<ToldTime> reset;
        bool is_from_now = false;  // no clock makes the reset wrong
        std::optional<double> refill_once;
        std::optional<double> request_cost;
    };

    /// The amounts of a bucket of which a request takes several, as requests.
    static void count_requests(Told& told) {
        LimitNotice& notice = told.notice;
        for (std::optional<double>* amount : {&notice.limit, &notice.remaining}) {
            if (*amount) **amount = std::floor(**amount / *told.request_cost);
        }
        if (notice.refill_per_s) *notice.refill_per_s /= *told.request_cost;
    }

    void take(const LimitField& field, std::string_view header, std::string_view value) {
        auto told =
            std::find_if(told_.begin(), told_.end(), [&](const Told& other) { return other.field.is_beside(field); });
        if (told == told_.end()) {
            if (told_.size() == most_notices || field.part == LimitField::Part::wait) return;
            told = told_.insert(told, Told{field, LimitNotice(field.unit, lower(header)), {}, {}, {}, {}});
            told->notice.window = field.window;
        }
        LimitNotice& notice = told->notice;
        switch (field.part) {
            case LimitField::Part::limit:
                if (!notice.limit) read_limit(value, notice);
                break;
            case LimitField::Part::remaining:
                if (notice.remaining) break;
                notice.remaining = parse_number(value.substr(0, value.find(',')));
                if (notice.remaining) notice.source = lower(header);
                break;
            case LimitField::Part::reset: {
                const ToldTime reset(value, sent_at_, field.time_unit);
                // The finer of two is the one that leaves less in doubt.
                if (!told->reset || (!told->is_from_now && reset.meant() && is_finer(reset, *told->reset)))
                    told->reset = reset;
                break;
            }
            case LimitField::Part::reset_after: {
                const ToldTime reset(value, sent_at_, field.time_unit);
                if (!reset.meant()) break;
                told->reset = reset;
                told->is_from_now = true;
                break;
            }
            case LimitField::Part::window:
                if (const auto window = ToldTime(value, sent_at_, field.time_unit).meant())
                    notice.window = window->wait;
                break;
            case LimitField::Part::refill:
                notice.refill_per_s = parse_number(value);
                break;
            case LimitField::Part::refill_once:
                told->refill_once = parse_number(value);
                break;
            case LimitField::Part::request_cost:
                told->request_cost = parse_number(value);
                break;
            case LimitField::Part::wait:
                break;
        }
    }

    static bool is_finer(const ToldTime& a, const ToldTime& b) {
        const auto of_b = b.meant();
        return !of_b || a.meant()->grain < of_b->grain;
    }

    WallTime sent_at_;
    std::vector<Told> told_;
};

struct AskedFor {
    ToldWait told;
    std::string source;
};

/// What `Retry-After` and its like ask for. Of several the longest; when one of them tells the same more finely, that.
std::optional<AskedFor> read_waits(const Headers& headers, WallTime sent_at, const WaitEvidence& evidence) {
    std::vector<AskedFor> all;
    for (const auto& [header, value] : headers) {
        const auto field = internal::parse_wait_field(header);
        if (!field) continue;
        if (const auto wait = ToldTime(value, sent_at, field->time_unit).meant(evidence))
            all.push_back({*wait, lower(header)});
    }
    if (all.empty()) return std::nullopt;
    const AskedFor* best = &*std::max_element(
        all.begin(), all.end(), [](const AskedFor& a, const AskedFor& b) { return a.told.wait < b.told.wait; });
    for (const AskedFor& other : all) {
        const Duration apart = std::chrono::abs(best->told.wait - other.told.wait);
        if (other.told.grain < best->told.grain && apart <= best->told.grain) best = &other;
    }
    return *best;
}

/// Whether both tell the same limit: what one of them leaves out is no difference.
bool are_twins(const LimitNotice& a, const LimitNotice& b) {
    const auto is_same = [](const auto& left, const auto& right) { return !left || !right || *left == *right; };
    if (a.unit != b.unit || !a.limit || a.limit != b.limit) return false;
    if (!is_same(a.remaining, b.remaining) || !is_same(a.window, b.window)) return false;
    return !a.reset || !b.reset || std::chrono::abs(*a.reset - *b.reset) <= std::max(a.reset_grain, b.reset_grain);
}

/// Puts what `twin` knows, too, into `notice`.
void add_twin(LimitNotice& notice, const LimitNotice& twin) {
    if (!notice.remaining && twin.remaining) notice.source = twin.source;
    if (!notice.remaining) notice.remaining = twin.remaining;
    if (!notice.window) notice.window = twin.window;
    if (!notice.refill_per_s) notice.refill_per_s = twin.refill_per_s;
    if (twin.reset && (!notice.reset || twin.reset_grain < notice.reset_grain)) {
        notice.reset = twin.reset;
        notice.reset_grain = twin.reset_grain;
    }
}

void add_notices(std::vector<LimitNotice>& notices, std::vector<LimitNotice> more) {
    for (LimitNotice& notice : more) {
        if (!notice.limit && !notice.remaining && !notice.reset) continue;
        const auto twin = std::find_if(notices.begin(), notices.end(),
                                       [&](const LimitNotice& other) { return are_twins(other, notice); });
        if (twin != notices.end()) {
            add_twin(*twin, notice);
        } else if (notices.size() < most_notices) {
            notices.push_back(std::move(notice));
        }
    }
}

/// A quick look, because most answers say nothing of limits: all names of such fields have "limit" or "retry" in them.
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

LimitHeaders read_limit_headers(const Headers& headers, WallTime now, const policy::Costs& costs) {
    LimitHeaders limits;
    if (!may_say_something(headers)) return limits;
    const WallTime sent_at = time_of_answer(headers, now);
    SingleFields fields(headers, sent_at, costs);
    add_notices(limits.notices, StandardFields::read(headers));

    WaitEvidence evidence;
    evidence.most = fields.longest_window();
    for (const LimitNotice& notice : limits.notices) evidence.most = std::max(evidence.most, notice.window);
    evidence.likely = fields.certain_reset();
    const auto asked = read_waits(headers, sent_at, evidence);
    if (asked) {
        limits.retry_after = asked->told.wait;
        limits.retry_after_grain = asked->told.grain;
        limits.retry_after_source = asked->source;
    }
    const auto wait = asked ? std::optional(asked->told) : std::nullopt;
    add_notices(limits.notices, fields.notices(evidence.most, wait));
    return limits;
}

}  // namespace plait::http
