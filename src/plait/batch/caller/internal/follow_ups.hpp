#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/caller/caller_options.hpp"
#include "plait/batch/caller/idle_rules.hpp"
#include "plait/batch/caller/internal/hops.hpp"
#include "plait/batch/caller/internal/send_gate.hpp"
#include "plait/batch/follow/next_request.hpp"
#include "plait/batch/verdict/call_conclusion.hpp"
#include "plait/http/message/url.hpp"
#include "plait/http/redirects.hpp"

#include <memory>
#include <optional>

namespace plait::batch::internal {

struct ActiveCall;

/// Gets the pages of calls, and asks for their jobs: further requests of the same call, which its answers lead to.
/// Belongs to the loop of its caller, which outlives it.
class FollowUps {
  public:
    FollowUps(const CallerOptions& options, const CallerParts& parts, SendGate& gate, Hops& hops,
              IdleRules& idle_rules) noexcept
        : options_(options), parts_(parts), gate_(gate), hops_(hops), idle_rules_(idle_rules) {}

    /// Whether the call can go on at the job that an earlier run recorded.
    bool can_take_up(const Call& call) const { return job_to_take_up(call).has_value(); }

    /// Prepares a call for its pages or its job, if it is to have any. A call that can be taken up goes on there.
    void begin(ActiveCall& active) const;

    /// Decides what the last attempt means, and plans the request that follows its answer, if one does. `wish`: whether
    /// the program wants another attempt, which goes before what would follow.
    void judge(ActiveCall& active, std::optional<bool> wish) const;

    /// Keeps the last answer, which is followed by another one, if it is a page.
    void keep_page(ActiveCall& active) const;

    /// Waits until the follow-up is due, and passes the gate. Returns why it is not sent, or nothing.
    Task<std::optional<AttemptsEnd>> wait(ActiveCall& active) const;

    /// Adds to the end of a call what came of its pages, and which part of it failed.
    void finish(ActiveCall& active, CallEnd& end) const;

  private:
    const std::shared_ptr<const FollowRule>& rule_of(const Call& call) const noexcept {
        return call.rules.follow ? call.rules.follow : options_.follow;
    }
    std::optional<http::RedirectStep> job_to_take_up(const Call& call) const;
    CallRules rules_of_follow_up(const ActiveCall& active, bool repeats_request) const;
    static void classify_last(ActiveCall& active, const CallRules& rules, std::optional<bool> wish);
    bool has_room_for_page(ActiveCall& active) const;
    void plan(ActiveCall& active, FollowStep step) const;
    void record_poll_url(ActiveCall& active, const http::Url& poll_url) const;

    const CallerOptions& options_;
    const CallerParts& parts_;
    SendGate& gate_;
    Hops& hops_;
    IdleRules& idle_rules_;
};

}  // namespace plait::batch::internal
