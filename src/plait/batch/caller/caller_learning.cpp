// What a caller learns from an attempt that has ended.

#include "plait/async/event_loop.hpp"
#include "plait/batch/caller/caller.hpp"
#include "plait/batch/caller/internal/active_call.hpp"
#include "plait/batch/caller/internal/attempt_notes.hpp"
#include "plait/batch/caller/internal/part_options.hpp"
#include "plait/batch/caller/send_permit.hpp"
#include "plait/batch/verdict/attempt_verdict.hpp"
#include "plait/http/limit_headers/limit_headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

namespace plait::batch {

using internal::ActiveCall;
using internal::note_end;

namespace {

policy::Costs no_costs() { return policy::Costs(policy::requests_unit, 0); }

}  // namespace

/// Learns from the attempt: about its server, and what it means for its call.
void Caller::learn(ActiveCall& active) {
    SendPermit& permit = active.permit();
    const CallRules& rules = active.rules();
    active.findings.emplace();
    const std::string why_not_followed = hops_.plan_redirect(active);
    const std::optional<bool> wish = wish_of_program(active);
    const auto* response = active.last->response();
    if (response) {
        active.group().http_version = response->version;
        if (parts_.cookies) parts_.cookies->store(active.request().url, response->headers);
        const WallTime came_at = parts_.calendar->now();
        http::LimitHeaders said;
        if (!options_.once) said = http::read_limit_headers(response->headers, came_at, rules.costs);
        for (const policy::LimitNotice& notice : said.notices) permit.noticed(notice);
        if (active.following) active.following->note_wait(said);
        active.findings->refusal = read_refusal(*response, said, refusal_rules(rules), came_at);
    }
    follow_ups_.judge(active, wish);
    // Of this request: those before it may have been executed.
    const bool is_undone = active.verdict().is_surely_undone;
    internal::adjust_to_redirects(active, why_not_followed);
    const AttemptVerdict& verdict = active.verdict();
    if (verdict.is_refusal) ++counts_.refusals;
    if ((verdict.is_refusal || verdict.is_overload) && !options_.once) {
        const AskedWait& asked = active.refusal().asked;
        permit.refused(asked.wait, asked.source.empty() ? fmt::format("status {}", response->status) : asked.source);
    }
    if (verdict.is_for_account && !options_.once) stop_for_account(active);
    learn_costs(active, is_undone || verdict.is_surely_undone);
    const policy::Load load = verdict.is_refusal ? policy::Load::refused : verdict.load;
    const bool is_sign = load == policy::Load::refused || load == policy::Load::overloaded;
    permit.ended(verdict.reach, load, is_sign ? result_of(*active.last) : std::string());
    if (verdict.is_surely_undone) gate_.retract(active.call, rules);
    if (active.following && active.following->is_due) follow_ups_.keep_page(active);
}

/// Whether the program wants another attempt. It may have made a failure of the answer.
std::optional<bool> Caller::wish_of_program(ActiveCall& active) {
    if (!parts_.wants_retry || active.next_hop || internal::is_once(options_, active.rules()) || is_overdue(active))
        return std::nullopt;
    const auto is_redirect = [](const AttemptNote& note) { return note.why == "redirect"; };
    const auto redirects = std::count_if(active.notes.begin(), active.notes.end(), is_redirect);
    const auto number = static_cast<int>(active.notes.size()) - static_cast<int>(redirects);
    const bool was_answered = active.last->response() != nullptr;
    const std::optional<bool> wish =
        parts_.wants_retry(EndedAttempt(active.call, active.request(), number, now() - active.sent_at, *active.last));
    if (was_answered && !active.last->response()) note_end(active);
    return wish;
}

/// Stops the run: further calls would cost time, and perhaps money, and be refused, too.
void Caller::stop_for_account(const ActiveCall& active) {
    rules_.stop(fmt::format("{} refuses the account ({}): {}", active.group().name, result_of(*active.last),
                            active.refusal().reason));
}

/// Stops the run if the answer could not be saved, as on a full disk: the answers to further calls would be lost, too.
bool Caller::stop_for_storage(const ActiveCall& active) {
    const auto* failure = active.last->failure();
    if (!failure || failure->code != ErrorCode::storage) return false;
    rules_.stop(failure->message);
    return true;
}

RefusalRules Caller::refusal_rules(const CallRules& rules) const noexcept {
    if (rules.refusal) return RefusalRules(&rules.refusal, 1);
    return options_.refusals;
}

/// Settles what the attempt cost, by its answer or else by its line. `is_undone`: whether it surely had no effect.
void Caller::learn_costs(ActiveCall& active, bool is_undone) {
    const auto* response = active.last->response();
    std::optional<double> reported;
    if (response && options_.cost_from) reported = cost_in(*response, *options_.cost_from);
    if (idle_rules_.has_silent_units()) look_for_idle_rules(active, reported.has_value());
    if (reported) active.permit().settle(policy::Costs(options_.cost_from->unit, *reported));
    const bool was_redirected = active.next_hop && is_undone;
    if (was_redirected) active.permit().settle_apart(hops_.costs_of_redirect(active.rules().costs));
    // Of two copies, the other one may have been sent.
    if (!response && active.last->failure()->is_overdue && active.copies == 1) active.permit().take_back();
    if (!active.reservation) return;
    policy::Costs costs = is_undone ? no_costs() : active.rules().costs;
    if (was_redirected) costs = hops_.costs_of_redirect(active.rules().costs);
    if (reported) costs.set(options_.cost_from->unit, *reported);
    active.reservation->settle(costs);
    active.reservation.reset();
}

/// Counts 2xx answers only: a refusal has no costs.
void Caller::look_for_idle_rules(const ActiveCall& active, bool reported) {
    constexpr int success = 2;
    const auto* response = active.last->response();
    if (!response || response->status / 100 != success) return;
    for (const std::string& sentence : idle_rules_.answered(active.rules().costs, reported)) {
        if (parts_.warn) parts_.warn(sentence);
    }
}

}  // namespace plait::batch
