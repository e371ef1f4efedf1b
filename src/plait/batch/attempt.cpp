#include "plait/batch/attempt.hpp"

#include <algorithm>
#include <array>

namespace plait::batch {

Failure given_up() { return Failure(ErrorCode::cancelled, "given up: the run was interrupted", true); }

std::string_view to_string(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::ok:
            return "ok";
        case Outcome::rejected:
            return "rejected";
        case Outcome::failed:
            return "failed";
        case Outcome::unknown:
            return "unknown";
    }
    return "?";
}

bool is_safe_to_repeat(std::string_view method) noexcept {
    constexpr std::array<std::string_view, 6> safe{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    return std::find(safe.begin(), safe.end(), method) != safe.end();
}

Outcome judge(const Attempt& attempt, bool safe_to_repeat) noexcept {
    if (const auto* response = std::get_if<http::Response>(&attempt)) {
        return response->status / 100 == 2 ? Outcome::ok : Outcome::rejected;
    }
    return std::get<Failure>(attempt).maybe_sent && !safe_to_repeat ? Outcome::unknown : Outcome::failed;
}

bool is_retryable(const Failure& failure, bool safe_to_repeat) noexcept {
    if (failure.maybe_sent && !safe_to_repeat) return false;
    switch (failure.code) {
        case ErrorCode::dns:
        case ErrorCode::connect:
        case ErrorCode::reset:
        case ErrorCode::timeout:
        case ErrorCode::cancelled:
        case ErrorCode::worker_died:
            return true;
        default:
            return false;  // it would end the same way
    }
}

}  // namespace plait::batch
