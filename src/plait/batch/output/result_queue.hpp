#pragma once

#include "plait/async/event.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/call/sink.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace plait::batch {

/// The result lines on their way to the sink: many are written at once, none is kept back for long, and they leave in
/// the order of completion or of the input.
class ResultQueue {
  public:
    /// No line waits longer for others before it is written.
    static constexpr Duration longest_wait = std::chrono::milliseconds(50);
    /// So many bytes are written without waiting for more.
    static constexpr std::size_t full_batch = 64 * 1024;
    /// With more than this nobody gets a place: the sink's reader is slower than the calls.
    static constexpr std::size_t largest_backlog = 4 * 1024 * 1024;

    /// At most `window` lines may be between the first that has not ended and the last that has begun; none: in the
    /// order of completion. The sink outlives the queue.
    ResultQueue(Sink& sink, std::optional<std::size_t> window);

    /// The right to put one line, given out in the order of the input.
    class Place {
      public:
        Place(std::uint64_t number, std::optional<Semaphore::Permit> permit)
            : number_(number), permit_(std::move(permit)) {}

      private:
        friend class ResultQueue;
        std::uint64_t number_;
        std::optional<Semaphore::Permit> permit_;
    };

    /// Waits until there is room for one more line.
    Task<Place> reserve();

    /// Takes the line that `append(std::string& out)` appends.
    template <class Append>
    void put(Place place, Append append) {
        if (!window_) {
            append(ready_);
        } else {
            std::string line;
            append(line);
            put_in_order(std::move(place), std::move(line));
        }
        line_added();
    }

    /// There will be no line for this place.
    void leave_out(Place place);

    /// Has what is there written at once.
    void flush() noexcept { due_.set(); }

    /// No more lines will come.
    void close() noexcept;

    /// Writes until the queue is closed and empty: true. False when nobody reads any more. Throws what the sink throws.
    Task<bool> write_all();

  private:
    struct Line {
        std::string text;
        std::optional<Semaphore::Permit> permit;
    };

    void put_in_order(Place place, std::string line);
    void line_added() noexcept;

    Sink& sink_;
    std::optional<Semaphore> window_;
    std::uint64_t places_ = 0;
    std::deque<std::optional<Line>> early_;  ///< lines that wait for an earlier one; the first place is `first_`
    std::uint64_t first_ = 0;
    std::string ready_;
    std::string writing_;
    bool closed_ = false;
    Event some_;  ///< there are lines, or there will be none
    Event due_;   ///< they have to be written now
    Event room_;  ///< the backlog is small
};

}  // namespace plait::batch
