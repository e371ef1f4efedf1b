#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/http/incoming/request_reader.hpp"
#include "plait/mock/fault.hpp"
#include "plait/mock/internal/answer_writer.hpp"
#include "plait/mock/internal/behaviour.hpp"
#include "plait/mock/internal/delivery.hpp"
#include "plait/mock/internal/random.hpp"
#include "plait/mock/limit/internal/rate_limiter.hpp"
#include "plait/mock/mock_options.hpp"
#include "plait/mock/request_ledger.hpp"

#include <optional>

namespace plait::mock::internal {

/// A request whose head has arrived.
struct Arrival {
    RequestLedger::Entry* entry;
    Chance chance;
    std::optional<Fault> fault;
};

/// Decides what each request is answered, waits for as long as that takes, and counts it. Outlives its tasks; the
/// arguments outlive it.
class Answering {
  public:
    Answering(const MockOptions& options, RequestLedger& ledger, AnswerWriter& writer);

    Arrival arrival_of(const http::ReceivedRequest& request);

    /// Sends the answer, or what a fault makes of it. Returns what happens to the connection.
    Task<Ending> answer(ByteStream& stream, const http::ReceivedRequest& request, Arrival arrival);

  private:
    Behaviour behaviour_of(const http::ReceivedRequest& request, const Arrival& arrival, const MockStatistics& seen);
    Task<void> wait_as(const Behaviour& behaviour);

    const MockOptions& options_;
    RequestLedger& ledger_;
    AnswerWriter& writer_;
    RateLimiter limiter_;
    Semaphore slots_;
};

}  // namespace plait::mock::internal
