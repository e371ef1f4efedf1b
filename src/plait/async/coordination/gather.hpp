#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/channel.hpp"
#include "plait/async/coordination/settled.hpp"
#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"

#include <cstddef>
#include <exception>
#include <limits>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace plait {

/// No limit to how many tasks run at the same time.
inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

namespace internal {

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;

}  // namespace internal

/// A range of tasks: a container of them, which is moved in (`gather(std::move(tasks))`), or a view that makes each
/// when its turn comes: `urls | std::views::transform([&](const auto& url) { return fetch(session, url); })`.
template <class Range>
concept TaskRange = std::ranges::input_range<Range> && internal::is_task<std::ranges::range_value_t<Range>>;

/// The type of the values of a range of tasks.
template <TaskRange Range>
using TaskRangeValue = typename std::ranges::range_value_t<Range>::value_type;

namespace internal {

/// Gives out the tasks of a range one by one, numbered.
template <TaskRange Range>
class TaskFeed {
  public:
    using Item = std::pair<std::size_t, std::ranges::range_value_t<Range>>;

    explicit TaskFeed(Range range) : range_(std::move(range)), next_(std::ranges::begin(range_)) {}
    TaskFeed(const TaskFeed&) = delete;
    TaskFeed& operator=(const TaskFeed&) = delete;

    std::optional<Item> next() {
        if (next_ == std::ranges::end(range_)) return std::nullopt;
        std::optional<Item> item(std::in_place, given_, std::ranges::iter_move(next_));
        ++next_;
        ++given_;
        return item;
    }

  private:
    Range range_;
    std::ranges::iterator_t<Range> next_;
    std::size_t given_ = 0;
};

/// Awaits one task after another from `feed`, beginning with `item`, and gives each value to `take(index, value)`.
template <class Feed, class Take>
Task<void> work_through(Feed& feed, Take& take, typename Feed::Item item) {
    for (std::optional<typename Feed::Item> next(std::move(item)); next; next = feed.next()) {
        if constexpr (std::is_invocable_v<Take&, std::size_t>) {
            co_await std::move(next->second);
            take(next->first);
        } else {
            take(next->first, co_await std::move(next->second));
        }
    }
}

/// With a limit of 0, nothing would run, and no error would say so.
inline void require_room(std::size_t limit) { PLAIT_ASSERT(limit > 0, "at least one task runs at a time"); }

/// Starts workers until the feed is empty or `limit` of them are at work. `work(item)` returns the task of one that
/// begins with this item.
template <class Feed, class Work>
void start_workers(TaskGroup& group, Feed& feed, std::size_t limit, Work work) {
    require_room(limit);
    while (group.size() < limit) {
        auto item = feed.next();
        if (!item) break;
        group.start(work(std::move(*item)));
    }
}

/// Starts workers that give each value to `take`.
template <class Feed, class Take>
void start_workers(TaskGroup& group, Feed& feed, Take& take, std::size_t limit) {
    start_workers(group, feed, limit,
                  [&](typename Feed::Item item) { return work_through(feed, take, std::move(item)); });
}

template <class T>
Task<Settled<T>> settled(Task<T> task) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(task);
            co_return Settled<void>();
        } else {
            co_return Settled<T>(co_await std::move(task));
        }
    } catch (const Cancelled&) {
        throw;
    } catch (...) {
        co_return Settled<T>(std::current_exception());
    }
}

/// A container gives its tasks as lvalues, a view makes them.
struct SettleEach {
    template <class T>
    Task<Settled<T>> operator()(Task<T>& task) const {
        return settled(std::move(task));
    }
    template <class T>
    Task<Settled<T>> operator()(Task<T>&& task) const {
        return settled(std::move(task));
    }
};

template <class T>
Task<void> keep_value(Task<T> task, std::optional<T>& value) {
    value.emplace(co_await std::move(task));
}

template <class Value>
class OrderedValues {
  public:
    void operator()(std::size_t index, Value value) {
        if (index >= values_.size()) values_.resize(index + 1);
        values_[index].emplace(std::move(value));
    }
    std::vector<Value> take() {
        std::vector<Value> result;
        result.reserve(values_.size());
        for (auto& value : values_) result.push_back(std::move(*value));
        return result;
    }

  private:
    std::vector<std::optional<Value>> values_;
};

}  // namespace internal

/// Runs the tasks, at most `limit` (above 0) at a time, and returns their values in the order of the range; no values
/// for an empty range. The first task that fails cancels the others, and its error is thrown when they have ended.
template <TaskRange Range>
    requires(!std::is_void_v<TaskRangeValue<Range>>)
Task<std::vector<TaskRangeValue<Range>>> gather(Range tasks, std::size_t limit = unlimited) {
    internal::TaskFeed<Range> feed(std::move(tasks));
    internal::OrderedValues<TaskRangeValue<Range>> values;
    TaskGroup group;
    internal::start_workers(group, feed, values, limit);
    co_await group.join();
    co_return values.take();
}

/// The same for tasks without a value.
template <TaskRange Range>
    requires std::is_void_v<TaskRangeValue<Range>>
Task<void> gather(Range tasks, std::size_t limit = unlimited) {
    internal::TaskFeed<Range> feed(std::move(tasks));
    auto nothing_to_keep = [](std::size_t) {};
    TaskGroup group;
    internal::start_workers(group, feed, nothing_to_keep, limit);
    co_await group.join();
}

/// Runs some tasks of different types together: `auto [a, b] = co_await gather(first(), second());`
template <class First, class Second, class... More>
    requires(!std::is_void_v<First> && !std::is_void_v<Second> && (!std::is_void_v<More> && ...))
Task<std::tuple<First, Second, More...>> gather(Task<First> first, Task<Second> second, Task<More>... more) {
    std::tuple<std::optional<First>, std::optional<Second>, std::optional<More>...> values;
    TaskGroup group;
    const auto start_all = [&](auto&&... tasks) {
        std::apply([&](auto&... value) { (group.start(internal::keep_value(std::move(tasks), value)), ...); }, values);
    };
    start_all(std::move(first), std::move(second), std::move(more)...);
    co_await group.join();
    co_return std::apply([](auto&... value) { return std::tuple(std::move(*value)...); }, values);
}

/// Runs the tasks as `gather` does, but to the end: returns for each its value or what it threw, in the order of the
/// range.
template <TaskRange Range>
Task<std::vector<Settled<TaskRangeValue<Range>>>> settle(Range tasks, std::size_t limit = unlimited) {
    return gather(std::views::all(std::move(tasks)) | std::views::transform(internal::SettleEach()), limit);
}

/// The values of tasks in the order in which they end. See `as_completed`.
template <TaskRange Range>
class AsCompleted {
  public:
    using Value = TaskRangeValue<Range>;

    AsCompleted(Range tasks, std::size_t limit) : feed_(std::move(tasks)), done_(buffered), limit_(limit) {
        internal::require_room(limit);
    }

    /// Returns the next value, in the order in which the tasks end; nothing when all have been returned. Throws what a
    /// task threw; the next call continues with the others. An exception of the range itself cancels the tasks.
    Task<std::optional<Value>> next() {
        if (!started_) start();
        if (workers_ > 0 || done_.size() > 0) {
            auto settled = co_await done_.pop();
            if (settled) co_return std::move(*settled).value();
        }
        co_await group_.join();  // throws what the range threw
        co_return std::nullopt;
    }

  private:
    using Feed = internal::TaskFeed<Range>;
    // A slow consumer holds the tasks back, and a quick one never waits for a switch.
    static constexpr std::size_t buffered = 16;

    void start() {
        started_ = true;
        internal::start_workers(group_, feed_, limit_, [this](typename Feed::Item item) {
            ++workers_;
            return work(std::move(item));
        });
    }
    /// A worker's time at work, however it ends.
    class AtWork {
      public:
        explicit AtWork(AsCompleted& owner) noexcept : owner_(owner) {}
        AtWork(const AtWork&) = delete;
        AtWork& operator=(const AtWork&) = delete;
        ~AtWork() {
            if (--owner_.workers_ == 0) owner_.done_.close();
        }

      private:
        AsCompleted& owner_;
    };
    Task<void> work(typename Feed::Item item) {
        const AtWork until_it_ends(*this);
        for (std::optional<typename Feed::Item> next(std::move(item)); next; next = feed_.next()) {
            auto settled = co_await internal::settled(std::move(next->second));
            co_await done_.push(std::move(settled));
        }
    }

    Feed feed_;
    Channel<Settled<Value>> done_;
    std::size_t limit_;
    std::size_t workers_ = 0;
    bool started_ = false;
    TaskGroup group_;  // last: its tasks use the others
};

/// Runs the tasks, at most `limit` (above 0) at a time, and hands over each value as soon as it is there:
///
///     auto answers = as_completed(std::move(tasks), 100);
///     while (auto answer = co_await answers.next()) use(*answer);
///
/// Destroying the object before the end drops the tasks that have not ended. It belongs to the calling task.
template <TaskRange Range>
    requires(!std::is_void_v<TaskRangeValue<Range>>)
AsCompleted<Range> as_completed(Range tasks, std::size_t limit = unlimited) {
    return AsCompleted<Range>(std::move(tasks), limit);
}

namespace internal {

template <class T>
Task<void> compete(Task<T> task, std::optional<Settled<T>>& first, TaskGroup& group) {
    auto mine = co_await settled(std::move(task));
    if (first) co_return;
    first.emplace(std::move(mine));
    group.cancel();
}

}  // namespace internal

/// Runs the tasks together and returns the value of the first that ends, or throws what that one threw. The others are
/// cancelled, and have ended when this returns. There is at least one task.
template <TaskRange Range>
Task<TaskRangeValue<Range>> race(Range tasks) {
    std::optional<Settled<TaskRangeValue<Range>>> first;
    TaskGroup group;
    internal::TaskFeed<Range> feed(std::move(tasks));
    while (auto item = feed.next()) group.start(internal::compete(std::move(item->second), first, group));
    PLAIT_ASSERT(group.size() > 0, "a race has a task to win it");
    co_await group.join();
    co_return std::move(*first).value();
}

template <class T, class... More>
    requires(std::is_same_v<Task<T>, Task<More>> && ...)
Task<T> race(Task<T> first, Task<T> second, Task<More>... more) {
    std::vector<Task<T>> tasks;
    tasks.reserve(2 + sizeof...(more));
    tasks.push_back(std::move(first));
    tasks.push_back(std::move(second));
    (tasks.push_back(std::move(more)), ...);
    return race(std::move(tasks));
}

}  // namespace plait
