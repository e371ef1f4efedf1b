#include "plait/batch/caller/internal/attempt_notes.hpp"

#include "plait/async/event_loop.hpp"

#include <string_view>

namespace plait::batch::internal {

void begin_attempt(ActiveCall& active) {
    const TimePoint start = now();
    if (!active.notes.empty()) {
        AttemptNote& before = active.notes.back();
        before.wait_after = start - before.start - before.total;
    }
    active.attempt_began = start;
    active.copies = 1;
    active.second_won = false;
}

void note_end(ActiveCall& active) {
    if (active.attempt_began) {
        AttemptNote& made = active.notes.emplace_back();
        made.start = *active.attempt_began;
        made.copies = active.copies;
        made.second_won = active.second_won;
        if (active.hop) made.url = active.hop->request.url.text();
        active.attempt_began.reset();
    }
    AttemptNote& note = active.notes.back();
    note.total = now() - note.start;
    if (const auto* response = active.last->response()) {
        note.status = response->status;
        note.timings = response->timings;
        note.reused = response->reused;
        note.connection = response->connection;
    } else {
        note.error = active.last->failure()->code;
        note.connection = active.last->failure()->connection;
    }
}

void note_decision(AttemptNote& note, const policy::RetryDecision& decision, const AskedWait& asked) {
    note.wait_after = decision.wait;
    const bool is_asked = decision.why == policy::RetryDecision::Why::asked && !asked.source.empty();
    note.why = is_asked ? std::string_view(asked.source) : to_string(decision.why);
}

}  // namespace plait::batch::internal
