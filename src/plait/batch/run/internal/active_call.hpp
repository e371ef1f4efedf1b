#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/refusal.hpp"
#include "plait/batch/method/attempt.hpp"
#include "plait/batch/run/attempt_verdict.hpp"
#include "plait/batch/run/call_conclusion.hpp"
#include "plait/batch/run/group.hpp"
#include "plait/batch/run/run_rules.hpp"
#include "plait/batch/run/send_permit.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>
#include <vector>

namespace plait::batch::internal {

/// Counts up as long as it lives.
class Counted {
  public:
    explicit Counted(std::size_t& count) noexcept : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

  private:
    std::size_t& count_;
};

/// Keeps an element in a list as long as it lives.
template <class Element>
class Listed {
  public:
    Listed(std::list<Element*>& list, Element& element) : list_(list), at_(list.insert(list.end(), &element)) {}
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { list_.erase(at_); }

  private:
    std::list<Element*>& list_;
    typename std::list<Element*>::iterator at_;
};

/// A call while it is made.
struct ActiveCall {
    ActiveCall(Call& call_, KeyedCache<Group>::Ref group_, KeyedCache<Origin>::Ref origin_, bool once)
        : call(call_),
          group(std::move(group_)),
          origin(std::move(origin_)),
          permit(*group, once ? nullptr : &origin->circuit) {}

    /// Of a call that was sent.
    CallHistory history() const noexcept {
        return CallHistory(call.rules, deadline, notes.size(), is_sending, *last, *verdict, refusal.asked);
    }

    Call& call;
    KeyedCache<Group>::Ref group;
    KeyedCache<Origin>::Ref origin;

    // Of the attempt that comes next, or is in flight.
    SendPermit permit;
    std::optional<RunRules::Reservation> reservation;
    bool is_sending = false;
    std::uint64_t auth_version = 0;  ///< of its credentials

    std::optional<Counted> in_flight;  ///< from when the call may first be sent
    CancelScope* attempts = nullptr;   ///< the scope of all attempts
    TimePoint sent_at{};               ///< when it was first sent
    Duration deadline{};

    // Of the last attempt, and of all.
    std::optional<Attempt> last;
    Refusal refusal;  ///< by its answer
    std::optional<AttemptVerdict> verdict;
    std::vector<AttemptNote> notes;
};

}  // namespace plait::batch::internal
