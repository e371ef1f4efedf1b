#pragma once

#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/caller/caller_options.hpp"
#include "plait/batch/group/group.hpp"
#include "plait/batch/verdict/call_conclusion.hpp"
#include "plait/http/redirects.hpp"
#include "plait/policy/pace/costs.hpp"

#include <string>
#include <string_view>

namespace plait::batch::internal {

struct ActiveCall;

/// Plans where calls go on: which request follows a redirect, by which rules, and what that means for the call. Sends
/// nothing. Belongs to the loop of its caller, which outlives it.
class Hops {
  public:
    Hops(const CallerOptions& options, const CallerParts& parts, KeyedCache<Group>& groups,
         KeyedCache<Origin>& origins) noexcept
        : options_(options), parts_(parts), groups_(groups), origins_(origins) {}

    /// Plans the next hop if the last answer is a redirect. Returns why not, if it is one that is not followed.
    std::string plan_redirect(ActiveCall& active);
    /// Makes the request of `step` the next hop.
    void go_to(ActiveCall& active, http::RedirectStep&& step, CallRules rules);

    /// Returns what a request costs that was only redirected: a request, and nothing of what the call is for.
    policy::Costs costs_of_redirect(const policy::Costs& costs) const;
    /// Returns where the last answer of a call comes from that has followed another one.
    std::string final_url(const ActiveCall& active) const;

  private:
    CallRules rules_after(const ActiveCall& active, const http::RedirectStep& step) const;

    const CallerOptions& options_;
    const CallerParts& parts_;
    KeyedCache<Group>& groups_;
    KeyedCache<Origin>& origins_;
};

/// Adjusts the verdict on the last attempt to what redirects mean for the call. `why_not_followed`: the result of
/// `plan_redirect`.
void adjust_to_redirects(ActiveCall& active, std::string_view why_not_followed);

/// Whether the last answer is a redirect that was about to be followed when the run was stopped, or the group parked.
bool is_unfollowed_redirect(const ActiveCall& active, AttemptsEnd ended);

/// The error of a call whose last answer is a redirect.
CallError not_followed(std::string_view why);

}  // namespace plait::batch::internal
