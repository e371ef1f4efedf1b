#pragma once

#include "plait/async/coordination/gather.hpp"
#include "plait/async/coordination/wait_until_cancelled.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/quantile.hpp"
#include "plait/base/scoped_count.hpp"

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace plait::policy {

/// When a second copy of a call is sent.
struct HedgeOptions {
    double slower_than = 0.95;       ///< a copy is sent after the latency that this share of the calls stayed below
    std::size_t least_samples = 50;  ///< calls that must have ended before the first copy
    double most_extra = 0.05;        ///< copies, as a share of the calls
};

/// What hedging has done.
struct HedgeStatistics {
    std::size_t calls = 0;
    std::size_t copies = 0;      ///< second copies sent
    std::size_t copies_won = 0;  ///< second copies that answered first
};

/// Sends a second copy of a call when the first takes longer than most calls did. The first answer wins, and the other
/// copy is cancelled. Use it only for calls that are safe to repeat. Belongs to one loop.
class Hedge {
  public:
    explicit Hedge(const HedgeOptions& options = {}) noexcept : options_(options), latency_(options.slower_than) {}
    Hedge(const Hedge&) = delete;
    Hedge& operator=(const Hedge&) = delete;

    /// Makes a call. `make()` returns a Task that sends one copy, `admit()` a Task<bool> that waits until the second
    /// one may be sent: false: it may not. Returns the value of the first copy for which `is_answer(value)` holds, or
    /// of the last when it holds for none; throws what a copy throws. The functions and the hedge outlive the task.
    template <class Make, class Admit, class IsAnswer>
    auto run(Make& make, Admit& admit, const IsAnswer& is_answer) -> std::invoke_result_t<Make&> {
        ++statistics_.calls;
        const TimePoint begin = now();
        const std::optional<Duration> patience = patience_now();
        if (!patience) {
            auto only = make();
            auto alone = co_await std::move(only);
            latency_.add(static_cast<double>((now() - begin).count()));
            co_return alone;
        }
        Copies copies;
        auto first = copy_of(make, is_answer, copies);
        auto second = copy_after(*patience, make, admit, is_answer, copies);
        auto winner = co_await race(std::move(first), std::move(second));
        latency_.add(static_cast<double>((now() - begin).count()));
        if (copies.second_ended) ++statistics_.copies_won;
        co_return winner;
    }

    /// How long a call may take before its copy is sent; nullopt until enough calls have ended.
    std::optional<Duration> patience_now() const noexcept {
        if (latency_.count() < options_.least_samples) return std::nullopt;
        return Duration(static_cast<Duration::rep>(latency_.value()));
    }

    const HedgeStatistics& statistics() const noexcept { return statistics_; }

  private:
    bool may_send_copy() const noexcept {
        return static_cast<double>(statistics_.copies + expected_ + 1) <=
               options_.most_extra * static_cast<double>(statistics_.calls);
    }

    /// The state of the two copies of a call.
    struct Copies {
        int on_their_way = 0;
        bool second_ended = false;
    };

    /// Sends a copy. Without an answer it waits for the other copy, if that is still in flight.
    template <class Make, class IsAnswer>
    auto copy_of(Make& make, const IsAnswer& is_answer, Copies& copies) -> std::invoke_result_t<Make&> {
        ++copies.on_their_way;
        auto copy = make();
        auto value = co_await std::move(copy);
        --copies.on_their_way;
        if (!is_answer(value) && copies.on_their_way > 0)
            co_await wait_until_cancelled();  // by the end of the other copy
        co_return value;
    }

    template <class Make, class Admit, class IsAnswer>
    auto copy_after(Duration patience, Make& make, Admit& admit, const IsAnswer& is_answer, Copies& copies)
        -> std::invoke_result_t<Make&> {
        co_await sleep_for(patience);
        if (!may_send_copy()) co_await wait_until_cancelled();  // by the end of the other copy
        bool is_admitted = false;
        {
            // Not on its way yet: if the other copy fails meanwhile, the call ends.
            const ScopedCount counted(expected_);
            auto admission = admit();
            is_admitted = co_await std::move(admission);
        }
        if (!is_admitted) co_await wait_until_cancelled();
        ++statistics_.copies;
        auto copy = copy_of(make, is_answer, copies);
        auto value = co_await std::move(copy);
        copies.second_ended = true;
        co_return value;
    }

    HedgeOptions options_;
    Quantile latency_;
    HedgeStatistics statistics_;
    std::size_t expected_ = 0;  ///< second copies that wait until they may be sent
};

}  // namespace plait::policy
