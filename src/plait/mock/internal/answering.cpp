#include "plait/mock/internal/answering.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/mock/content/internal/target.hpp"
#include "plait/mock/internal/fault_table.hpp"
#include "plait/mock/internal/statistics_answer.hpp"

#include <string_view>
#include <utility>

namespace plait::mock::internal {

namespace {

/// Counts a request as in flight until its answer is sent or abandoned.
class InFlight {
  public:
    InFlight(RequestLedger& ledger, RequestLedger::Entry* entry) noexcept : ledger_(ledger), entry_(entry) {
        ledger_.came(entry_, now());
    }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    ~InFlight() { ledger_.left(entry_); }

  private:
    RequestLedger& ledger_;
    RequestLedger::Entry* const entry_;
};

}  // namespace

Answering::Answering(const MockOptions& options, RequestLedger& ledger, AnswerWriter& writer)
    : options_(options),
      ledger_(ledger),
      writer_(writer),
      limiter_(options.allowed, options.clock_epoch.time_since_epoch()),
      slots_(options.slots) {}

Arrival Answering::arrival_of(const http::ReceivedRequest& request) {
    const std::string_view path = path_of(request.target);
    const std::string_view id = id_of(request);
    RequestLedger::Entry* const entry = asks_for_statistics(path) ? nullptr : ledger_.line_of(id);
    const Chance chance(options_.seed, id, ledger_.next_number(entry));
    return {entry, chance, fault_of(path, options_, chance)};
}

Behaviour Answering::behaviour_of(const http::ReceivedRequest& request, const Arrival& arrival,
                                  const MockStatistics& seen) {
    const std::string_view path = path_of(request.target);
    Verdict verdict;
    if (does_only_what_it_says(path)) {
        // No limit applies to these paths.
    } else if (options_.most_in_flight > 0 && seen.in_flight > options_.most_in_flight) {
        verdict = too_many_in_flight(options_.most_in_flight);
    } else {
        verdict = limiter_.judge(limit_key_of(request, options_.allowed_per), now());
    }
    Circumstances circumstances(arrival.chance, verdict);
    circumstances.fault = arrival.fault;
    circumstances.number = seen.requests;
    circumstances.in_flight = seen.in_flight;
    circumstances.now = options_.clock_epoch + now().time_since_epoch();
    return decide(request, options_, circumstances);
}

/// Waits for as long as the answer takes, in a slot if it needs one.
Task<void> Answering::wait_as(const Behaviour& behaviour) {
    if (behaviour.wait > Duration::zero()) co_await sleep_for(behaviour.wait);
    std::optional<Semaphore::Permit> slot;
    if (behaviour.takes_slot) slot.emplace(co_await slots_.acquire());
    if (behaviour.answer.delay > Duration::zero()) co_await sleep_for(behaviour.answer.delay);
}

Task<Ending> Answering::answer(ByteStream& stream, const http::ReceivedRequest& request, Arrival arrival) {
    if (asks_for_statistics(path_of(request.target))) {
        const Answer answer = statistics_answer(request.target, ledger_);
        co_await writer_.send(stream, answer, request);
        co_return Ending::next_request;
    }
    if (arrival.fault && arrival.fault->row().before_reading) {
        ledger_.struck(arrival.fault->index());
        co_return Ending::reset;
    }
    const InFlight counted(ledger_, arrival.entry);
    MockStatistics seen = ledger_.statistics();
    const Duration before = latency_before(path_of(request.target), options_, arrival.chance);
    if (before > Duration::zero()) {
        co_await sleep_for(before);
        seen.in_flight = ledger_.statistics().in_flight;
    }
    const Behaviour behaviour = behaviour_of(request, arrival, seen);
    if (behaviour.refused) ledger_.refused(arrival.entry);
    if (behaviour.fault) ledger_.struck(behaviour.fault->index());
    if (behaviour.answer.delay + behaviour.wait > Duration::zero() || behaviour.takes_slot) co_await wait_as(behaviour);
    Ending ending = Ending::next_request;
    if (behaviour.fault) {
        Delivery delivery(behaviour.answer, request);
        behaviour.fault->row().effect(delivery);
        ending = co_await writer_.deliver(stream, std::move(delivery));
    } else {
        co_await writer_.send(stream, behaviour.answer, request);
    }
    const bool is_answered = !behaviour.refused && (!behaviour.fault || behaviour.fault->row().is_answer);
    if (is_answered) ledger_.answered(arrival.entry);
    co_return ending;
}

}  // namespace plait::mock::internal
