#include "plait/batch/tally/tally.hpp"

namespace plait::batch {

void Tally::call_ended(const CallEnd& end, Duration latency) {
    ++done_;
    ++outcomes_[static_cast<std::size_t>(end.outcome)];
    sent_bytes_ += end.sent_bytes;
    if (end.response) {
        ++status_codes_[end.response->status];
        received_bytes_ += http::body_size(*end.response);
        latencies_.add(latency);
    }
    for (const http::Response& page : end.pages) received_bytes_ += http::body_size(page);
    if (end.error) ++errors_[end.error->code];
}

void Tally::line_refused() {
    ++done_;
    ++outcomes_[static_cast<std::size_t>(Outcome::failed)];
    ++errors_[ErrorCode::bad_input];
}

void Tally::done_before(Outcome outcome, std::uint64_t count) noexcept {
    before_ += count;
    outcomes_[static_cast<std::size_t>(outcome)] += count;
}

}  // namespace plait::batch
