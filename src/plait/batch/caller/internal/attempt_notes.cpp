#include "plait/batch/caller/internal/attempt_notes.hpp"

#include "plait/async/event_loop.hpp"

#include <string_view>
#include <vector>

namespace plait::batch::internal {

void begin_note(ActiveCall& active) {
    std::vector<AttemptNote>& notes = active.notes;
    const TimePoint start = now();
    if (!notes.empty()) notes.back().wait_after = start - notes.back().start - notes.back().total;
    notes.emplace_back().start = start;
    if (active.hop) notes.back().url = active.hop->request.url.text();
}

void note_end(AttemptNote& note, const Attempt& attempt) {
    note.total = now() - note.start;
    if (const auto* response = attempt.response()) {
        note.status = response->status;
        note.timings = response->timings;
        note.reused = response->reused;
        note.connection = response->connection;
    } else {
        note.error = attempt.failure()->code;
        note.connection = attempt.failure()->connection;
    }
}

void note_decision(AttemptNote& note, const policy::RetryDecision& decision, const AskedWait& asked) {
    note.wait_after = decision.wait;
    const bool is_asked = decision.why == policy::RetryDecision::Why::asked && !asked.source.empty();
    note.why = is_asked ? std::string_view(asked.source) : to_string(decision.why);
}

}  // namespace plait::batch::internal
