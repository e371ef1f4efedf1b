#include "plait/batch/caller/internal/part_options.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace plait::batch::internal {

namespace {

/// With adaptive concurrency, this many calls of a new group are sent before its first answer is awaited.
constexpr std::uint64_t first_look = 32;

constexpr Duration shortest_memory = std::chrono::minutes(10);

}  // namespace

GroupOptions group_options(const CallerOptions& options, std::size_t slots) {
    GroupOptions group;
    group.pace.limits = options.limits;
    for (policy::RateLimit& limit : group.pace.limits) limit.window += options.departure_jitter;
    group.pace.server.max_wait = options.retry.max_wait;
    if (options.adaptive_concurrency && !options.once) group.pace.server.opening.first_look = first_look;
    group.retries = options.retry_budget;
    // A call alone can use up its attempts.
    group.retries.least = std::max(group.retries.least, options.retry.max_attempts - 1);
    if (options.hedge) group.hedge = *options.hedge;
    if (options.adaptive_concurrency) {
        group.in_flight.emplace();
        group.in_flight->most = static_cast<double>(slots);
        group.in_flight->first = std::min(group.in_flight->first, group.in_flight->most);
    }
    return group;
}

Duration group_memory(const CallerOptions& options) {
    Duration longest = shortest_memory;
    for (const policy::RateLimit& limit : options.limits) longest = std::max(longest, limit.window);
    return longest;
}

policy::RetryOptions retry_options(const CallerOptions& options, const CallRules& rules) {
    policy::RetryOptions retry = options.retry;
    if (rules.max_attempts) retry.max_attempts = retry.max_attempts_while_helpful = *rules.max_attempts;
    return retry;
}

}  // namespace plait::batch::internal
