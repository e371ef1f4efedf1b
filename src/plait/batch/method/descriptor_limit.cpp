#include "plait/batch/method/descriptor_limit.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace plait::batch {

namespace {

/// For files, standard streams, loops and name lookups.
constexpr std::uint64_t besides_calls = 64;

rlimit descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);  // can't fail: the resource exists and the pointer is valid
    return limit;
}

void set_soft_limit(rlimit limit, rlim_t soft) {
    if (soft == limit.rlim_cur) return;
    limit.rlim_cur = soft;
    ::setrlimit(RLIMIT_NOFILE, &limit);  // can't fail: anyone may go up to the hard limit
}

}  // namespace

DescriptorLimits descriptor_limits() {
    const rlimit limit = descriptor_limit();
    return {limit.rlim_cur, limit.rlim_max};
}

std::uint64_t descriptors_for(std::size_t concurrency, std::size_t per_call, std::size_t more) {
    return concurrency * per_call + besides_calls + more;
}

std::uint64_t soft_limit_for(std::uint64_t needed, const DescriptorLimits& limits, std::size_t concurrency,
                             std::size_t more) {
    if (needed <= limits.soft) return limits.soft;
    if (needed <= limits.hard) return needed;
    // One call is the least, and may not have been asked for.
    const bool can_be_lowered = concurrency > 1;
    const std::string calls = can_be_lowered ? fmt::format("--concurrency {}", concurrency) : "even one call at a time";
    throw Error(
        ErrorCode::bad_input,
        fmt::format("{} needs {} open files{}, and this system allows {}: {}raise the limit with `ulimit -n {}` (as "
                    "root, or in limits.conf)",
                    calls, needed, more == 0 ? "" : fmt::format(" ({} of them for the page of --ui)", more),
                    limits.hard, can_be_lowered ? "lower it, or " : "", needed));
}

std::size_t calls_within(std::size_t most, std::size_t per_call, const DescriptorLimits& limits, std::size_t more) {
    if (per_call == 0) return most;
    const std::uint64_t for_calls = limits.hard - std::min(limits.hard, besides_calls + more);
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(for_calls / per_call, 1, most));
}

std::size_t calls_within_descriptors(std::size_t most, std::size_t per_call, std::size_t more) {
    return calls_within(most, per_call, descriptor_limits(), more);
}

void raise_descriptor_limit(std::size_t concurrency, std::size_t per_call, std::size_t more) {
    const rlimit limit = descriptor_limit();
    const std::uint64_t needed = descriptors_for(concurrency, per_call, more);
    set_soft_limit(limit, soft_limit_for(needed, descriptor_limits(), concurrency, more));
}

void raise_descriptor_limit_to_most() {
    const rlimit limit = descriptor_limit();
    set_soft_limit(limit, limit.rlim_max);
}

}  // namespace plait::batch
