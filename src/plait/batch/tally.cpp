#include "plait/batch/tally.hpp"

namespace plait::batch {

void Tally::call_ended(const Attempt& attempt, Outcome outcome, Duration latency, std::uint64_t sent_bytes) {
    ++ended_;
    ++outcomes_[static_cast<std::size_t>(outcome)];
    sent_bytes_ += sent_bytes;
    if (const auto* response = std::get_if<http::Response>(&attempt)) {
        ++status_codes_[response->status];
        received_bytes_ += response->body.size();
        latencies_.add(latency);
    } else {
        ++errors_[std::get<Failure>(attempt).code];
    }
}

void Tally::line_refused() {
    ++refused_;
    ++outcomes_[static_cast<std::size_t>(Outcome::failed)];
    ++errors_[ErrorCode::bad_input];
}

}  // namespace plait::batch
