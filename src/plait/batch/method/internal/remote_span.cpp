#include "plait/batch/method/internal/remote_span.hpp"

#include "plait/http/message/response.hpp"

#include <algorithm>
#include <utility>

namespace plait::batch::internal {

trace::SpanStates states_at_worker(const Attempt& attempt, TimePoint began, TimePoint ended) {
    trace::SpanStates states(began);
    const auto* const response = attempt.response();
    if (!response) {
        states.extend(trace::Activity::worker, ended);
        return states;
    }
    const http::Timings& took = response->timings;
    const Duration in_all = took.dns + took.connect + took.tls + took.send + took.wait + took.receive;
    states.extend(trace::Activity::worker, std::max(began, ended - in_all));
    for (const auto& [activity, length] :
         {std::pair(trace::Activity::dns, took.dns), std::pair(trace::Activity::connect, took.connect),
          std::pair(trace::Activity::tls, took.tls), std::pair(trace::Activity::sending, took.send),
          std::pair(trace::Activity::first_byte, took.wait), std::pair(trace::Activity::body, took.receive)})
        states.extend(activity, states.end() + length);
    return states;
}

}  // namespace plait::batch::internal
