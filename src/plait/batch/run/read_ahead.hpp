#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/async/value_task.hpp"
#include "plait/base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace plait::batch {

/// Limits how many calls are read but not yet sent.
///
/// While calls are being sent, only slightly more are read than can be sent now, so that waiting calls stay in the
/// processor's caches. When sending stalls, many are read, in case a call of another group, or a more urgent one, can
/// go. Belongs to one loop.
class ReadAhead {
  public:
    /// This many calls are read ahead as long as they can be sent.
    static constexpr std::size_t base_depth = 32;
    /// If no call has been sent for this long, `base_depth` more are read; then again after each such interval.
    /// Detection may take up to twice as long.
    static constexpr Duration probe_delay = std::chrono::milliseconds(10);
    /// The same once `settled_after` probes in a row found that calls had been sent: each probe wakes the loop.
    static constexpr Duration settled_probe_delay = std::chrono::milliseconds(100);
    static constexpr int settled_after = 20;
    /// When all slots are taken, an answer will soon let the next call go. The delay then starts at `probe_delay` and
    /// doubles up to this, so it soon exceeds the time that calls take.
    static constexpr Duration longest_probe_delay = std::chrono::milliseconds(320);

    /// Returns a number of calls, as it is now.
    using Count = std::function<std::size_t()>;

    /// Reads at most `most` calls ahead. `room`: calls that can be sent now. `in_flight`: calls that hold a permit of
    /// this object and have been sent.
    ReadAhead(std::size_t most, Count room, Count in_flight) noexcept
        : most_(most), room_now_(std::move(room)), in_flight_(std::move(in_flight)) {}
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// The right to read a call, held until the call has ended.
    class [[nodiscard("a call whose permit is dropped has ended")]] Permit {
      public:
        Permit(Permit&& other) noexcept : ahead_(std::exchange(other.ahead_, nullptr)) {}
        Permit& operator=(Permit&&) = delete;
        ~Permit() {
            if (!ahead_) return;
            --ahead_->permits_;
            ahead_->may_have_room();
        }

      private:
        friend class ReadAhead;
        explicit Permit(ReadAhead& ahead) noexcept : ahead_(&ahead) { ++ahead.permits_; }
        ReadAhead* ahead_;
    };

    /// Waits until one more call may be read. For one reader.
    ValueTask<Permit> acquire() {
        if (may_read()) return take_permit();
        return wait_for_permit();
    }

    /// A call that holds a permit has been sent for the first time.
    void call_sent() noexcept {
        ++sent_;
        may_have_room();
    }

    /// From now on `base_depth` calls are read even if they can't be sent, so that the most urgent one can go first.
    void keep_a_choice() noexcept { keeps_choice_ = true; }

    /// Reads more while nothing is sent. Runs beside the reader until it is cancelled.
    Task<void> probe() {
        Duration busy_delay = probe_delay;
        for (int successes = 0;;) {
            co_await stalled_.wait();
            stalled_.reset();
            const std::uint64_t sent_before = sent_;
            const bool is_busy = room_now_() == 0;
            const Duration delay = is_busy ? busy_delay : successes < settled_after ? probe_delay : settled_probe_delay;
            co_await sleep_for(delay);
            const bool is_sending = sent_ != sent_before;
            if (!is_sending) {
                const auto intervals = static_cast<std::size_t>(delay / probe_delay);
                allowance_ = std::min(base_depth * intervals, most_ - std::min(most_, unsent()));
            }
            may_have_room();  // a slot may have come back although no call ended
            if (is_busy) {
                busy_delay = std::min(2 * busy_delay, longest_probe_delay);
            } else {
                successes = is_sending ? successes + 1 : 0;
            }
        }
    }

  private:
    Permit take_permit() noexcept {
        reader_waits_ = false;
        if (allowance_ > 0) --allowance_;
        return Permit(*this);
    }

    Task<Permit> wait_for_permit() {
        while (!may_read()) {
            room_.reset();
            reader_waits_ = true;
            if (unsent() < most_) stalled_.set();
            co_await room_.wait();
        }
        co_return take_permit();
    }

    std::size_t unsent() const { return permits_ - in_flight_(); }

    bool may_read() const {
        const std::size_t depth = keeps_choice_ ? base_depth : std::min(base_depth, room_now_());
        const std::size_t waiting = unsent();
        return waiting < most_ && (allowance_ > 0 || waiting < depth);
    }

    void may_have_room() {
        if (!reader_waits_) return;
        if (may_read()) {
            room_.set();
        } else if (unsent() < most_) {
            stalled_.set();
        }
    }

    const std::size_t most_;
    const Count room_now_;
    const Count in_flight_;
    std::size_t permits_ = 0;
    std::size_t allowance_ = 0;  ///< this many more may be read, whether they can be sent or not
    std::uint64_t sent_ = 0;
    bool reader_waits_ = false;
    bool keeps_choice_ = false;
    Event room_;     ///< one more may be read
    Event stalled_;  ///< the reader waits, and time can help
};

}  // namespace plait::batch
