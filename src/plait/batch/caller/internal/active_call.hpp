#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/base/boxed.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/scoped_count.hpp"
#include "plait/batch/answer/refusal.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/caller/send_permit.hpp"
#include "plait/batch/follow/next_request.hpp"
#include "plait/batch/group/group.hpp"
#include "plait/batch/group/run_rules.hpp"
#include "plait/batch/verdict/attempt_verdict.hpp"
#include "plait/batch/verdict/call_conclusion.hpp"
#include "plait/http/body/body_memory.hpp"
#include "plait/http/limit_headers/limit_headers.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/redirects.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace plait::batch::internal {

/// What attempts need on their way to one server.
struct Route {
    Route(KeyedCache<Group>::Ref group_, KeyedCache<Origin>::Ref origin_, bool once)
        : group(std::move(group_)),
          origin(std::move(origin_)),
          permit(*group, once ? nullptr : &origin->circuit, origin->in_flight ? &*origin->in_flight : nullptr) {}

    KeyedCache<Group>::Ref group;
    KeyedCache<Origin>::Ref origin;
    SendPermit permit;  ///< of the attempt that comes next, or is in flight
};

/// What is sent after a redirect.
struct Hop {
    Hop(http::Request request_, CallRules rules_, bool left_origin_, KeyedCache<Group>::Ref group,
        KeyedCache<Origin>::Ref origin, bool once)
        : request(std::move(request_)),
          rules(std::move(rules_)),
          left_origin(left_origin_),
          route(std::move(group), std::move(origin), once) {}

    http::Request request;
    CallRules rules;   ///< those of the call, but for what the redirect changed
    bool left_origin;  ///< this hop, or one before it, leads away from the origin of the call
    Route route;
};

/// The pages, or the job, of a call.
struct Following {
    Following(std::shared_ptr<const FollowRule> rule_, std::optional<std::size_t> max_pages, http::BodyMemory* memory);

    /// Notes the wait that the last answer asks for.
    void note_wait(const http::LimitHeaders& said);

    const std::shared_ptr<const FollowRule> rule;
    PageTrail trail;                                ///< if it has pages
    std::vector<http::Response> pages;              ///< that came before the last answer
    std::optional<http::BodyMemory::Share> memory;  ///< that these take; nothing: it is not limited
    std::size_t bytes = 0;                          ///< of these
    std::size_t sent = 0;                           ///< follow-ups that were sent
    bool is_page = false;                           ///< whether the last answer is one
    bool is_broken = false;                         ///< the last answer's follow-up can't be made
    bool is_due = false;                            ///< whether a follow-up is to be sent next, and was not yet
    AskedWait asked;                                ///< by the last answer
    Duration wait{};                                ///< before the follow-up
    bool is_recorded = false;                       ///< whether a later run knows where to ask for the job
};

/// What the caller found in the last attempt that has ended.
struct Findings {
    Refusal refusal;  ///< by its answer
    std::optional<AttemptVerdict> verdict;
};

/// A call while it is made.
struct ActiveCall {
    ActiveCall(Call& call_, KeyedCache<Group>::Ref group, KeyedCache<Origin>::Ref origin, bool once)
        : call(call_), first_route(std::move(group), std::move(origin), once) {}

    // About the attempt that comes next, or is in flight.
    http::Request& request() noexcept { return hop ? hop->request : call.request; }
    const CallRules& rules() const noexcept { return hop ? hop->rules : call.rules; }
    Group& group() const noexcept { return *route().group; }
    Origin& origin() const noexcept { return *route().origin; }
    SendPermit& permit() noexcept { return (hop ? hop->route : first_route).permit; }
    bool has_left_origin() const noexcept { return hop && hop->left_origin; }

    // For a call of which an attempt has ended.
    AttemptVerdict& verdict() noexcept { return *findings->verdict; }
    const AttemptVerdict& verdict() const noexcept { return *findings->verdict; }
    const Refusal& refusal() const noexcept { return findings->refusal; }

    /// For a call that was sent.
    CallHistory history() const noexcept {
        CallHistory history(call.rules, deadline, notes.size(), is_sending, *last, verdict(), refusal().asked);
        history.can_be_taken_up = following && following->is_recorded;
        return history;
    }

    TimePoint deadline_at() const noexcept { return sent_at + deadline; }

    const Route& route() const noexcept { return hop ? hop->route : first_route; }

    Call& call;
    Route first_route;
    Boxed<http::Redirects> redirects;      ///< nothing before the first redirect
    std::unique_ptr<Hop> hop;              ///< null before the first redirect
    std::unique_ptr<Hop> next_hop;         ///< where the last answer redirected to
    std::unique_ptr<Following> following;  ///< null: no answer is followed but redirects

    // About the attempt that comes next, or is in flight.
    Boxed<RunRules::Reservation> reservation;
    std::optional<TimePoint> attempt_began;  ///< of the attempt in flight; nothing once it has a note
    int copies = 1;                          ///< of the attempt, sent so far
    bool second_won = false;                 ///< the second copy ended first
    bool is_sending = false;
    bool was_executed = false;       ///< whether the call must not be sent again, whatever becomes of a hop
    std::uint64_t auth_version = 0;  ///< of its credentials

    ScopedCount in_flight;            ///< from when the call may first be sent
    CancelScope* attempts = nullptr;  ///< the scope of all attempts
    TimePoint sent_at{};              ///< when it was first sent
    Duration deadline{};

    // About the attempts so far; `last` is the one that ended last.
    std::optional<Attempt> last;
    Boxed<Failure> cut;  ///< how the deadline ended an attempt; nothing: it did not, or cut off a hung worker
    Boxed<Findings> findings;
    std::vector<AttemptNote> notes;
    std::uint64_t sent_bytes = 0;  ///< see `CallEnd`
};

}  // namespace plait::batch::internal
