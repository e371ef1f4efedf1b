#pragma once

#include "plait/async/event.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace plait::batch {

/// How many calls may have been read and not left yet. No more than can leave, and a few, as long as calls leave: what
/// waits is pushed out of the processor's caches by what comes behind it. Many, when none leaves for a while: perhaps
/// one group holds up those of others, which stand further down, or a more urgent one does. Belongs to one loop.
class ReadAhead {
  public:
    static constexpr std::size_t usual = 32;
    /// So long no call leaves before `usual` more are read for each such time; it may take twice as long.
    static constexpr Duration patience = std::chrono::milliseconds(10);
    /// The same after `moving` looks that found that calls had left: each look wakes the loop.
    static constexpr Duration calm_patience = std::chrono::milliseconds(100);
    static constexpr int moving = 20;
    /// The same where none could leave, because as many are on their way as may be: what comes back lets others leave
    /// soon. It begins with `patience` and is doubled by each look, up to this: soon it is longer than calls take.
    static constexpr Duration longest_patience = std::chrono::milliseconds(320);

    /// At most `most` in all. `room` says how many calls could leave now, as far as anybody knows.
    ReadAhead(std::size_t most, std::function<std::size_t()> room) noexcept : most_(most), free_(std::move(room)) {}
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// The right to read a call. Held until the call has ended, or it is taken to have left.
    class [[nodiscard("a call whose permit is dropped has ended")]] Permit {
      public:
        Permit(Permit&& other) noexcept
            : ahead_(std::exchange(other.ahead_, nullptr)), has_left_(std::exchange(other.has_left_, true)) {}
        Permit& operator=(Permit&&) = delete;
        ~Permit() {
            if (!ahead_) return;
            if (has_left_) {
                ahead_->may_have_room();
            } else {
                left();
            }
        }

        /// The call leaves for the first time.
        void left() noexcept {
            if (std::exchange(has_left_, true)) return;
            --ahead_->waiting_;
            ++ahead_->departures_;
            ahead_->may_have_room();
        }

      private:
        friend class ReadAhead;
        explicit Permit(ReadAhead& ahead) noexcept : ahead_(&ahead) { ++ahead.waiting_; }
        ReadAhead* ahead_;
        bool has_left_ = false;
    };

    /// Waits until one more call may be read. For one reader.
    Task<Permit> acquire() {
        while (!may_read()) {
            room_.reset();
            reader_waits_ = true;
            if (waiting_ < most_) stands_still_.set();
            co_await room_.wait();
        }
        reader_waits_ = false;
        if (portion_ > 0) --portion_;
        co_return Permit(*this);
    }

    /// From now on a few are read even if they can't leave, so that there is a choice of which leaves first.
    void keep_a_choice() noexcept { keeps_choice_ = true; }

    /// Allows more while nothing is read. Runs beside the reader until it is cancelled.
    Task<void> watch() {
        Duration busy_patience = patience;
        for (int moved = 0;;) {
            co_await stands_still_.wait();
            stands_still_.reset();
            const std::uint64_t departures = departures_;
            const bool is_busy = free_() == 0;
            const Duration waited = is_busy ? busy_patience : moved < moving ? patience : calm_patience;
            co_await sleep_for(waited);
            const bool moves = departures_ != departures;
            if (!moves) portion_ = std::min(usual * static_cast<std::size_t>(waited / patience), most_ - waiting_);
            may_have_room();  // which may have come back with nobody's end, too
            if (is_busy) {
                busy_patience = std::min(2 * busy_patience, longest_patience);
            } else {
                moved = moves ? moved + 1 : 0;
            }
        }
    }

  private:
    bool may_read() const {
        const std::size_t few = keeps_choice_ ? usual : std::min(usual, free_());
        return waiting_ < most_ && (portion_ > 0 || waiting_ < few);
    }

    void may_have_room() {
        if (!reader_waits_) return;
        if (may_read()) {
            room_.set();
        } else if (waiting_ < most_) {
            stands_still_.set();
        }
    }

    const std::size_t most_;
    const std::function<std::size_t()> free_;
    std::size_t waiting_ = 0;  ///< calls that were read and have not left
    std::size_t portion_ = 0;  ///< so many more may be read, whether they can leave or not
    std::uint64_t departures_ = 0;
    bool reader_waits_ = false;
    bool keeps_choice_ = false;
    Event room_;          ///< one more may be read
    Event stands_still_;  ///< the reader waits, for what time can help
};

}  // namespace plait::batch
