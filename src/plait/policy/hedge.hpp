#pragma once

#include "plait/async/event.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/gather.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/quantile.hpp"

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace plait::policy {

/// When a second copy of a call is sent.
struct HedgeOptions {
    double slower_than = 0.95;       ///< this share of the calls so far
    std::size_t least_samples = 50;  ///< calls that have to have ended before any copy
    double most_extra = 0.05;        ///< copies, as a share of the calls
};

/// How a hedge has done.
struct HedgeStatistics {
    std::size_t calls = 0;
    std::size_t copies = 0;      ///< second ones that were sent
    std::size_t copies_won = 0;  ///< of those, the ones that were first; the others were cancelled
};

/// Sends a second copy of a call when the first takes longer than most calls did; the first answer wins and the other
/// copy is cancelled. Only for work that may be done twice: the caller sees to that. Belongs to one loop.
class Hedge {
  public:
    explicit Hedge(const HedgeOptions& options = {}) noexcept : options_(options), latency_(options.slower_than) {}
    Hedge(const Hedge&) = delete;
    Hedge& operator=(const Hedge&) = delete;

    /// `make()` starts a copy: it returns a Task. The value of the copy that ends first, or what it throws. `make` and
    /// this outlive the task.
    template <class Make>
    auto run(Make& make) -> std::invoke_result_t<Make&> {
        ++statistics_.calls;
        const TimePoint begin = now();
        const std::optional<Duration> patience = patience_now();
        auto first = make();
        if (!patience) {
            auto alone = co_await std::move(first);
            latency_.add(static_cast<double>((now() - begin).count()));
            co_return alone;
        }
        bool copy_ended = false;
        auto second = copy_after(*patience, make, copy_ended);
        auto winner = co_await race(std::move(first), std::move(second));
        latency_.add(static_cast<double>((now() - begin).count()));
        if (copy_ended) ++statistics_.copies_won;
        co_return winner;
    }

    /// How long a call may take before its copy is sent; nothing while too little is known.
    std::optional<Duration> patience_now() const noexcept {
        if (latency_.count() < options_.least_samples) return std::nullopt;
        return Duration(static_cast<Duration::rep>(latency_.value()));
    }

    const HedgeStatistics& statistics() const noexcept { return statistics_; }

  private:
    bool may_send_copy() const noexcept {
        return static_cast<double>(statistics_.copies + 1) <=
               options_.most_extra * static_cast<double>(statistics_.calls);
    }

    template <class Make>
    auto copy_after(Duration patience, Make& make, bool& ended) -> std::invoke_result_t<Make&> {
        co_await sleep_for(patience);
        if (!may_send_copy()) {
            Event first_ends;  // which cancels this wait
            co_await first_ends.wait();
        }
        ++statistics_.copies;
        auto copy = make();
        auto value = co_await std::move(copy);
        ended = true;
        co_return value;
    }

    HedgeOptions options_;
    Quantile latency_;
    HedgeStatistics statistics_;
};

}  // namespace plait::policy
