#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/coordination/settled.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/workers/internal/map_run.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace plait {

/// The result of one item of a map: its value, or what it threw.
template <class T>
class MapResult : public Settled<T> {
  public:
    MapResult(std::size_t which, Settled<T> result) : Settled<T>(std::move(result)), item(which) {}

    /// The number of the item; the first is 0.
    std::size_t item;
};

/// What `map` of a pool returns for a function that returns `Result`: a task of a vector of all values, or of nothing.
template <class Result>
using MapTask = Task<std::conditional_t<std::is_void_v<Result>, void, std::vector<Result>>>;

namespace internal {

/// Results that were not taken yet, in the order in which they came.
template <class Value>
class ResultsAsCompleted {
  public:
    void put(std::size_t item, Settled<Value> result) { results_.emplace_back(item, std::move(result)); }

    std::optional<MapResult<Value>> take() {
        if (results_.empty()) return std::nullopt;
        std::optional<MapResult<Value>> first(std::move(results_.front()));
        results_.pop_front();
        return first;
    }

  private:
    std::deque<MapResult<Value>> results_;
};

/// Results that were not taken yet, in the order of the items.
template <class Value>
class ResultsInOrder {
  public:
    void put(std::size_t item, Settled<Value> result) {
        const std::size_t place = item - next_;
        if (place >= results_.size()) results_.resize(place + 1);
        results_[place].emplace(std::move(result));
    }

    std::optional<MapResult<Value>> take() {
        if (results_.empty() || !results_.front()) return std::nullopt;
        std::optional<MapResult<Value>> first(std::in_place, next_, std::move(*results_.front()));
        results_.pop_front();
        ++next_;
        return first;
    }

  private:
    std::deque<std::optional<Settled<Value>>> results_;  // the first is of item `next_`
    std::size_t next_ = 0;
};

}  // namespace internal

/// The results of a map one by one, while other items are being worked on. `stream` of a pool returns it:
///
///     auto results = pool.stream(parse, std::move(pages));
///     while (auto result = co_await results.next())
///         if (*result) store(result->value());
///
/// A consumer that takes no results holds the map back: at most `MapOptions::in_flight` results and running items are
/// kept. Destroying the object early drops the rest, as if each job's own task had been dropped. It belongs to the
/// calling task.
template <class Work, class Items>
class MapResults {
  public:
    using Value = typename Work::Value;

    MapResults(Work work, Items items, const MapOptions& options)
        : in_order_(options.order == MapOrder::of_items),
          run_(std::move(work), std::move(items), options, internal::WhenItemFails::extend, *this) {}

    /// Returns the next result; nothing when all were returned. An item that fails has a result that says so, and the
    /// others go on. An exception of the range of items is thrown after the results of the items before it.
    Task<std::optional<MapResult<Value>>> next() {
        for (;;) {
            run_.start_chunks();
            if (auto result = in_order_ ? ordered_.take() : completed_.take()) {
                run_.result_taken();
                co_return result;
            }
            if (run_.is_idle()) break;
            came_.reset();
            co_await came_.wait();
        }
        co_await run_.end();
        co_return std::nullopt;
    }

  private:
    friend class internal::MapRun<Work, Items, MapResults>;

    void put(std::size_t item, Settled<Value> result) {
        in_order_ ? ordered_.put(item, std::move(result)) : completed_.put(item, std::move(result));
    }
    void chunk_ended() noexcept { came_.set(); }

    const bool in_order_;
    internal::ResultsInOrder<Value> ordered_;
    internal::ResultsAsCompleted<Value> completed_;
    Event came_{trace::Wait::item};
    internal::MapRun<Work, Items, MapResults> run_;  // last: its tasks use the others
};

namespace internal {

/// Keeps the values of a map that returns all of them at once.
template <class Work, class Items>
class MapValues {
  public:
    using Value = typename Work::Value;

    MapValues(Work work, Items items, const MapOptions& options)
        : in_order_(options.order == MapOrder::of_items),
          run_(std::move(work), std::move(items), options, WhenItemFails::stop, *this) {}

    Task<void> all() {
        run_.start_chunks();
        co_await run_.end();
    }

    auto take() {
        std::vector<Value> values;
        values.reserve(values_.size());
        for (auto& value : values_) values.push_back(std::move(*value));
        return values;
    }

  private:
    friend class MapRun<Work, Items, MapValues>;

    void put(std::size_t item, Settled<Value> result) {
        run_.result_taken();
        if constexpr (std::is_void_v<Value>) {
            result.value();
        } else {
            const std::size_t place = in_order_ ? item : values_.size();
            if (place >= values_.size()) values_.resize(place + 1);
            values_[place].emplace(std::move(result).value());
        }
    }
    void chunk_ended() noexcept {}

    struct Nothing {};
    const bool in_order_;
    std::vector<std::optional<std::conditional_t<std::is_void_v<Value>, Nothing, Value>>> values_;
    MapRun<Work, Items, MapValues> run_;  // last: its tasks use the others
};

template <class Work, class Items>
    requires(!std::is_void_v<typename Work::Value>)
MapTask<typename Work::Value> map_all(Work work, Items items, MapOptions options) {
    MapValues<Work, Items> values(std::move(work), std::move(items), options);
    co_await values.all();
    co_return values.take();
}

template <class Work, class Items>
    requires std::is_void_v<typename Work::Value>
MapTask<void> map_all(Work work, Items items, MapOptions options) {
    MapValues<Work, Items> values(std::move(work), std::move(items), options);
    co_await values.all();
}

}  // namespace internal
}  // namespace plait
