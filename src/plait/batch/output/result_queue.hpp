#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/async/value_task.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/output/result_values.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plait::batch {

/// The right to put one result, given out in the order of the input.
class OutputSlot {
  public:
    OutputSlot(std::uint64_t number, std::optional<Semaphore::Permit> permit)
        : number_(number), permit_(std::move(permit)) {}

  private:
    friend class ResultQueue;
    std::uint64_t number_;
    std::optional<Semaphore::Permit> permit_;
};

/// Collects results and writes them in batches, in the order of completion or of the input. No line waits for long.
///
/// A result can go out as a line, as a value, or both: then the value is handed out after its line was written.
class ResultQueue {
  public:
    /// The longest time that a line waits for others before it is written.
    static constexpr Duration longest_wait = std::chrono::milliseconds(50);
    /// This many bytes are written without waiting for more.
    static constexpr std::size_t full_batch = 64 * 1024;
    /// No slot is given out while more bytes than this wait: the sink is slower than the calls.
    static constexpr std::size_t largest_backlog = 4 * 1024 * 1024;

    /// Called for each result that is out, with the line of its call. It must not throw.
    using Out = std::function<void(std::uint64_t line)>;

    /// `sink` takes lines, and `values` takes values. Each may be null, and must outlive the queue. With a `window`,
    /// results go out in the order of the input, and at most this many slots are held at a time.
    ResultQueue(Sink* sink, ResultValues* values, std::optional<std::size_t> window, Out on_out = {});

    /// Waits until there is room for one more result.
    ValueTask<OutputSlot> reserve();

    /// Puts the result of the call at `line` of the input: the line that `append(std::string& out)` appends, and then
    /// the value that `take()` returns as a `CallResult`. Each is called only if it is needed.
    template <class Append, class Take>
    void put(OutputSlot slot, std::uint64_t line_of_call, Append append, Take take) {
        if (!window_) {
            if (on_out_) ready_calls_.push_back(line_of_call);
            if (sink_) append(ready_);
            if (values_) ready_values_.push_back(std::make_unique<CallResult>(take()));
        } else {
            Line line;
            line.of_call = line_of_call;
            if (sink_) append(line.text);
            if (values_) line.value = std::make_unique<CallResult>(take());
            put_in_order(std::move(slot), std::move(line));
        }
        line_added();
    }

    /// Gives back a slot that gets no result.
    void leave_out(OutputSlot slot);

    /// Writes all waiting results at once.
    void flush() noexcept { due_.set(); }

    /// Call it after the last result.
    void close() noexcept;

    /// Writes until the queue is closed and empty, and returns true. Returns false when nobody reads any more. Throws
    /// what the sink throws.
    Task<bool> write_all();

  private:
    struct Line {
        std::string text;
        std::unique_ptr<CallResult> value;
        std::optional<std::uint64_t> of_call;  ///< nothing: the slot was left out
        std::optional<Semaphore::Permit> permit;
    };

    bool is_empty() const noexcept { return ready_.empty() && ready_values_.empty(); }
    void put_in_order(OutputSlot slot, Line line);
    void line_added() noexcept;
    Task<OutputSlot> wait_for_slot();
    Task<bool> write_ready();

    Sink* sink_;
    ResultValues* values_;
    const Out on_out_;
    std::optional<Semaphore> window_;
    std::uint64_t next_slot_ = 0;
    std::deque<std::optional<Line>> early_;  ///< lines that wait for an earlier one; the first is of slot `first_`
    std::uint64_t first_ = 0;
    std::string ready_;
    std::string writing_;
    std::vector<std::unique_ptr<CallResult>> ready_values_;
    std::vector<std::unique_ptr<CallResult>> writing_values_;
    std::vector<std::uint64_t> ready_calls_;
    std::vector<std::uint64_t> writing_calls_;
    bool closed_ = false;
    Event some_;  ///< there are results, or no more will come
    Event due_;   ///< they have to be written now
    Event room_;  ///< the backlog is small
};

}  // namespace plait::batch
