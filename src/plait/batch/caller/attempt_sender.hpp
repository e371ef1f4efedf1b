#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/caller/caller_options.hpp"
#include "plait/batch/group/run_rules.hpp"

#include <cstddef>

namespace plait::batch {

namespace internal {
struct ActiveCall;
}

/// Sends the request of an attempt: with the credentials and cookies of the moment, a second copy if the first is slow,
/// and again, as part of the same attempt, where the connection is to blame. Belongs to the loop of its caller, which
/// outlives it.
class AttemptSender {
  public:
    using ActiveCall = internal::ActiveCall;

    /// `room` is the number of calls that can be in flight.
    AttemptSender(const CallerOptions& options, const CallerParts& parts, std::size_t room, RunRules& rules,
                  CallerCounts& counts) noexcept
        : options_(options), parts_(parts), room_(room), rules_(rules), counts_(counts) {}

    /// Sends the request, and returns its answer or why there is none. The note of the attempt says if copies were
    /// sent.
    Task<Attempt> send(ActiveCall& active);

    /// Whether the connection is to blame that there is no answer, and sending it again does no harm.
    bool must_send_again(const ActiveCall& active) const noexcept;
    /// Does so, with a note each time, until there is an answer or a failure that is not the connection's.
    Task<void> send_again(ActiveCall& active);

    /// Gets new credentials. False when there are none; the call's error then says why.
    Task<bool> renew_credentials(ActiveCall& active);

  private:
    Task<Attempt> send_once(ActiveCall& active);
    Task<Attempt> send_completed(ActiveCall& active);
    Task<Attempt> send_hedged(ActiveCall& active);
    bool is_hedged(const CallRules& rules) const noexcept;
    bool may_repeat(const ActiveCall& active) const noexcept;
    bool met_stale_connection(const ActiveCall& active) const noexcept;
    Task<void> send_over_new_connection(ActiveCall& active);
    bool was_refused(const ActiveCall& active) const noexcept;
    Task<void> send_after_refusal(ActiveCall& active, Duration pause);

    const CallerOptions& options_;
    const CallerParts& parts_;
    const std::size_t room_;
    RunRules& rules_;
    CallerCounts& counts_;
};

}  // namespace plait::batch
