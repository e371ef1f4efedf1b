#pragma once

#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/clock.hpp"
#include "plait/workers/internal/chunk_size.hpp"
#include "plait/workers/map_options.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

namespace plait::internal {

/// Numbers the items of a range, and returns them one by one.
template <class Items>
class ItemFeed {
  public:
    using Item = std::ranges::range_value_t<Items>;

    explicit ItemFeed(Items items) : items_(std::move(items)), next_(std::ranges::begin(items_)) {}
    ItemFeed(const ItemFeed&) = delete;
    ItemFeed& operator=(const ItemFeed&) = delete;

    /// Returns the next item; nothing at the end of the range, and after it threw.
    std::optional<Item> next() {
        if (ended_) return std::nullopt;
        ended_ = true;
        if (next_ == std::ranges::end(items_)) return std::nullopt;
        std::optional<Item> item(std::in_place, take());
        ++next_;
        ended_ = false;
        return item;
    }
    bool has_ended() const noexcept { return ended_; }
    void end() noexcept { ended_ = true; }

  private:
    // A container is ours to move from; what a view refers to belongs to somebody else.
    decltype(auto) take() {
        if constexpr (std::ranges::view<Items>) {
            return *next_;
        } else {
            return std::ranges::iter_move(next_);
        }
    }
    Items items_;
    std::ranges::iterator_t<Items> next_;
    bool ended_ = false;
};

enum class WhenItemFails : std::uint8_t { stop, extend };

/// How to work through a chunk of items.
struct ChunkRules {
    WhenItemFails when_item_fails;
    bool ends_when_long;  ///< after `longest_work_of_a_chunk`, or when it takes long to ask for its items
    std::optional<Duration> limit_of_item;
    const Clock* clock;  ///< measures the work
};

/// Works through the items of a map: cuts chunks as there is room, has them carried out, passes the results on.
///
/// `Work` knows the pool. It has a `Value`, a `Chunk` that items are added to, and carries a chunk out; the chunk then
/// has results of some items, from the first, and the rest comes back to be cut again:
///
///     Chunk make_chunk(const ChunkRules& rules);
///     Task<void> carry_out(Chunk& chunk);          // throws nothing but Cancelled
///     std::size_t workers() const;
///
/// `Sink` has `put(item number, Settled<Value>)` and `chunk_ended()`, and calls `result_taken` for each that it was
/// given. What `put` throws ends the map. Belongs to the calling task.
template <class Work, class Items, class Sink>
class MapRun {
  public:
    MapRun(Work work, Items items, const MapOptions& options, WhenItemFails when_item_fails, Sink& sink)
        : work_(std::move(work)),
          feed_(std::move(items)),
          options_(options),
          rules_{when_item_fails, options.chunk == 0, options.limit, &SteadyClock::instance()},
          sink_(sink) {}

    /// Starts chunks until each worker has one running and one queued, or there is no room or no item left.
    void start_chunks() {
        while (!ended_ && chunks_ < 2 * work_.workers() && has_items_for_chunk()) {
            auto chunk = next_chunk();
            if (chunk.size() == 0) return;
            ++chunks_;
            group_.start(carry_out(std::move(chunk)), "map");
        }
    }

    void result_taken() noexcept { --in_flight_; }

    /// Whether nothing runs, and nothing more will.
    bool is_idle() const noexcept { return chunks_ == 0; }

    /// Waits until nothing runs. Throws the error that ended the map early.
    Task<void> end() {
        co_await group_.join();
        if (range_error_) std::rethrow_exception(std::exchange(range_error_, nullptr));
    }

  private:
    using Chunk = typename Work::Chunk;

    std::size_t in_flight_limit() const noexcept {
        constexpr std::size_t chunks_a_worker = 16;
        if (options_.in_flight > 0) return options_.in_flight;
        return chunks_a_worker * work_.workers() * (options_.chunk ? options_.chunk : measured_size_);
    }

    std::size_t chunk_size() const noexcept {
        if (options_.chunk > 0) return std::min(options_.chunk, in_flight_limit());
        return std::min(measured_size_, largest_chunk_size(in_flight_limit(), work_.workers()));
    }

    std::size_t room() const noexcept {
        const std::size_t limit = in_flight_limit();
        return limit > in_flight_ ? limit - in_flight_ : 0;
    }

    // Half a chunk would cost as much as a whole one; the chunks that are out will make room for a whole one.
    bool has_items_for_chunk() const noexcept {
        return !returned_.empty() || (!feed_.has_ended() && room() >= chunk_size());
    }

    Chunk next_chunk() {
        Chunk chunk = work_.make_chunk(rules_);
        const std::size_t size = chunk_size();
        // The oldest first: a consumer may be waiting for it.
        while (!returned_.empty() && chunk.size() < size && !chunk.is_full()) {
            auto oldest = returned_.extract(returned_.begin());
            chunk.add_again(oldest.key(), std::move(oldest.mapped()));
        }
        add_new_items(chunk, size);
        return chunk;
    }

    void add_new_items(Chunk& chunk, std::size_t size) {
        constexpr std::size_t items_a_look = 8;
        const TimePoint begun = rules_.clock->now();
        try {
            while (chunk.size() < size && room() > 0 && !chunk.is_full()) {
                auto item = feed_.next();
                if (!item) return;
                chunk.add(asked_, std::move(*item));
                ++asked_;
                ++in_flight_;
                // Items that are expensive to make are large, or hold up many others. So the memory of a chunk is
                // bounded, and so is the time that collecting its items blocks the loop.
                if (rules_.ends_when_long && chunk.size() % items_a_look == 0 &&
                    rules_.clock->now() - begun > work_of_a_chunk)
                    return;
            }
        } catch (...) {
            range_error_ = std::current_exception();
            feed_.end();
            if (rules_.when_item_fails == WhenItemFails::stop) end_early();
        }
    }

    void end_early() noexcept {
        ended_ = true;
        group_.cancel();
    }

    /// A chunk's time on its way, however it ends.
    class OnItsWay {
      public:
        explicit OnItsWay(MapRun& run) noexcept : run_(run) {}
        OnItsWay(const OnItsWay&) = delete;
        OnItsWay& operator=(const OnItsWay&) = delete;
        ~OnItsWay() {
            --run_.chunks_;
            run_.sink_.chunk_ended();
        }

      private:
        MapRun& run_;
    };

    Task<void> carry_out(Chunk chunk) {
        try {
            const OnItsWay until_it_ends(*this);
            co_await work_.carry_out(chunk);
            if (chunk.took() > Duration::zero())
                measured_size_ = next_chunk_size(chunk.size(), chunk.finished(), chunk.took());
            chunk.take_results([this](std::size_t item, auto result) { sink_.put(item, std::move(result)); });
            chunk.take_rest([this](std::size_t item, auto rest) { returned_.emplace(item, std::move(rest)); });
        } catch (...) {
            ended_ = true;
            throw;
        }
        start_chunks();
    }

    Work work_;
    ItemFeed<Items> feed_;
    const MapOptions options_;
    const ChunkRules rules_;
    Sink& sink_;
    std::map<std::size_t, typename Chunk::Rest> returned_;
    std::size_t measured_size_ = 1;
    std::size_t asked_ = 0;      // items so far
    std::size_t in_flight_ = 0;  // items whose results were not taken
    std::size_t chunks_ = 0;     // on their way
    bool ended_ = false;
    std::exception_ptr range_error_;
    TaskGroup group_;  // last: its tasks use the others
};

}  // namespace plait::internal
