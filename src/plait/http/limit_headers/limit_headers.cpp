#include "plait/http/limit_headers/limit_headers.hpp"

#include "plait/http/limit_headers/internal/limit_field.hpp"
#include "plait/http/limit_headers/internal/named_limit_fields.hpp"
#include "plait/http/limit_headers/internal/standard_limit_fields.hpp"
#include "plait/http/limit_headers/reset_time.hpp"

#include <algorithm>
#include <utility>

namespace plait::http {

namespace {

using policy::LimitNotice;

struct RequestedWait {
    ParsedWait parsed;
    std::string source;
};

/// Reads `Retry-After` and fields like it. Returns the longest wait; where another says the same in a finer unit, that.
std::optional<RequestedWait> read_waits(const Headers& headers, WallTime sent_at, const WaitEvidence& evidence) {
    std::vector<RequestedWait> all;
    for (const auto& [header, value] : headers) {
        const auto field = internal::parse_wait_field(header);
        if (!field) continue;
        if (const auto wait = ResetTime(value, sent_at, field->time_unit).most_plausible(evidence))
            all.push_back({*wait, lower(header)});
    }
    if (all.empty()) return std::nullopt;
    const RequestedWait* best = &*std::max_element(
        all.begin(), all.end(),
        [](const RequestedWait& a, const RequestedWait& b) { return a.parsed.wait < b.parsed.wait; });
    for (const RequestedWait& other : all) {
        const Duration apart = std::chrono::abs(best->parsed.wait - other.parsed.wait);
        if (other.parsed.grain < best->parsed.grain && apart <= best->parsed.grain) best = &other;
    }
    return *best;
}

/// Whether both are about the same limit, in two families of fields. A part that one of them lacks is no difference.
bool are_twins(const LimitNotice& a, const LimitNotice& b) {
    const auto is_same = [](const auto& left, const auto& right) { return !left || !right || *left == *right; };
    if (a.unit != b.unit || !a.limit || a.limit != b.limit) return false;
    if (!is_same(a.remaining, b.remaining) || !is_same(a.window, b.window)) return false;
    return !a.reset || !b.reset || std::chrono::abs(*a.reset - *b.reset) <= std::max(a.reset_grain, b.reset_grain);
}

/// Adds what only `twin` says to `notice`.
void add_twin(LimitNotice& notice, const LimitNotice& twin) {
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

/// A quick look, because most answers say nothing about limits: the names of all such fields contain "limit" or
/// "retry".
bool may_have_limits(const Headers& headers) {
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
    if (!may_have_limits(headers)) return limits;
    const WallTime sent_at = server_time(headers, now);
    internal::NamedLimitFields fields(headers, sent_at, costs, most_notices);
    add_notices(limits.notices, internal::read_standard_limit_fields(headers, most_notices));

    WaitEvidence evidence;
    evidence.at_most = fields.longest_window();
    for (const LimitNotice& notice : limits.notices) evidence.at_most = std::max(evidence.at_most, notice.window);
    evidence.likely = fields.certain_reset();
    std::optional<ParsedWait> wait;
    if (auto requested = read_waits(headers, sent_at, evidence)) {
        wait = requested->parsed;
        limits.retry_after = wait->wait;
        limits.retry_after_grain = wait->grain;
        limits.retry_after_source = std::move(requested->source);
    }
    add_notices(limits.notices, fields.notices(evidence.at_most, wait));
    return limits;
}

}  // namespace plait::http
