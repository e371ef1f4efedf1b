#pragma once

#include "plait/batch/answer/refusal.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/caller/internal/active_call.hpp"
#include "plait/policy/retry.hpp"

namespace plait::batch::internal {

// What the result line of a call says of its attempts, written as they are made.

/// An attempt is sent now. Completes the wait in the note of the one before.
void begin_attempt(ActiveCall& active);

/// Notes how the last attempt has ended. Called again, it corrects the note.
void note_end(ActiveCall& active);

/// Completes the note of an attempt that is followed by another one.
void note_decision(AttemptNote& note, const policy::RetryDecision& decision, const AskedWait& asked);

}  // namespace plait::batch::internal
