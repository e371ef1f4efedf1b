#pragma once

#include "plait/mock/content/internal/answer.hpp"
#include "plait/mock/fault.hpp"
#include "plait/mock/internal/random.hpp"
#include "plait/mock/limit/internal/limit_text.hpp"
#include "plait/mock/limit/internal/rate_limiter.hpp"
#include "plait/mock/mock_options.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace plait::mock::internal {

/// How the server treats a request that it has read.
struct Behaviour {
    Behaviour() {}

    Answer answer;
    std::optional<Fault> fault;
    bool refused = false;
    Duration wait{};          ///< before work on the answer starts
    bool takes_slot = false;  ///< whether the work needs one of the server's slots
};

/// What the server knows about a request besides its content.
struct Circumstances {
    Circumstances(const Chance& chance_, const Verdict& verdict_) : chance(chance_), verdict(verdict_) {}

    Chance chance;
    const Verdict& verdict;
    std::optional<Fault> fault;   ///< the result of `fault_of` for its head
    std::uint64_t number = 0;     ///< of the request, among all; the first is 1
    std::uint64_t in_flight = 1;  ///< requests, including this one
    CalendarTime now{};
};

/// Whether the path alone decides the answer, so that no limit and no random fault applies.
bool does_only_what_it_says(std::string_view path);

/// Whether `path` asks for statistics.
bool asks_for_statistics(std::string_view path);

/// Returns the fault that the path asks for, or a random one.
std::optional<Fault> fault_of(std::string_view path, const MockOptions& options, const Chance& chance);

/// Returns how long a request for `path` takes to reach the limiter.
Duration latency_before(std::string_view path, const MockOptions& options, const Chance& chance);

/// Decides the server's behaviour, other than answers to `/stats`.
Behaviour decide(const http::ReceivedRequest& request, const MockOptions& options, const Circumstances& circumstances);

}  // namespace plait::mock::internal
