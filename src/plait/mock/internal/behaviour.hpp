#pragma once

#include "plait/mock/fault.hpp"
#include "plait/mock/internal/answer.hpp"
#include "plait/mock/internal/limit_text.hpp"
#include "plait/mock/internal/random.hpp"
#include "plait/mock/internal/rate_limiter.hpp"
#include "plait/mock/mock_options.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace plait::mock::internal {

/// What the server does with a request that it has read.
struct SpanStates {
    SpanStates() {}

    Answer answer;
    std::optional<Fault> fault;
    bool refused = false;
    Duration wait{};          ///< before the making of the answer begins
    bool takes_slot = false;  ///< the answer is made in one of the server's slots
};

/// What the server knows beside the request itself.
struct Circumstances {
    Circumstances(const Chance& chance_, const Verdict& verdict_) : chance(chance_), verdict(verdict_) {}

    Chance chance;
    const Verdict& verdict;
    std::optional<Fault> fault;   ///< what `fault_of` said when the head had come
    std::uint64_t number = 0;     ///< of the request, among all that came; the first is 1
    std::uint64_t in_flight = 1;  ///< requests, this one among them
    CalendarTime now{};
};

/// Whether the path alone says what happens: no limit holds there, and chance deals no fault.
bool does_only_what_it_says(std::string_view path);

/// Whether `path` asks for what the server has seen.
bool asks_for_statistics(std::string_view path);

/// The fault that the path asks for or that chance deals.
std::optional<Fault> fault_of(std::string_view path, const MockOptions& options, const Chance& chance);

/// How long a request for `path` takes to reach the limiter.
Duration latency_before(std::string_view path, const MockOptions& options, const Chance& chance);

/// All of the server's behaviour but the answers to `/stats`.
SpanStates decide(const ReceivedRequest& request, const MockOptions& options, const Circumstances& circumstances);

}  // namespace plait::mock::internal
