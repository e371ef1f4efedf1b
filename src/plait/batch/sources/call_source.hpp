#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/sources/resumable_source.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace plait::batch {

/// Calls that a program makes itself. The first is line 1, whatever `Call::line` says; a call without a `custom_id` is
/// named `line-<n>`.
///
/// A later run can resume them if the same calls come in the same order: it compares ids, methods, URLs and bodies, but
/// no headers, so that a token may have changed.
class CallSource final : public ResumableSource {
  public:
    /// Waits for the next call; nothing at the end.
    using Next = std::function<Task<std::optional<Call>>()>;

    /// `total`: how many will come, if that is known.
    explicit CallSource(Next next, std::optional<std::uint64_t> total = {}) : next_(std::move(next)), total_(total) {}

    Task<std::optional<SourceItem>> next() override;
    std::optional<std::uint64_t> total() override { return total_; }

    std::string name() const override { return "the list of calls"; }
    std::optional<std::string> path() const override { return std::nullopt; }
    void skip(const LineSet& lines) override { skipped_ = &lines; }
    void show_to(InputWatch& watch) override { watch_ = &watch; }

  private:
    Next next_;
    std::optional<std::uint64_t> total_;
    std::uint64_t line_ = 0;
    const LineSet* skipped_ = nullptr;
    InputWatch* watch_ = nullptr;
};

namespace internal {

/// A range and how far it was read.
template <class Range>
struct CallRange {
    explicit CallRange(Range range_) : range(std::move(range_)) {}

    Range range;
    std::optional<std::ranges::iterator_t<Range>> at{};
};

template <class Range>
Task<std::optional<Call>> next_of(std::shared_ptr<CallRange<Range>> calls) {
    if (calls->at) {
        ++*calls->at;
    } else {
        calls->at.emplace(std::ranges::begin(calls->range));
    }
    if (*calls->at == std::ranges::end(calls->range)) co_return std::nullopt;
    if constexpr (std::same_as<Range, std::vector<Call>>) {
        co_return std::move(**calls->at);
    } else {
        co_return Call(**calls->at);
    }
}

template <class Generator>
Task<std::optional<Call>> called(std::shared_ptr<Generator> generator) {
    co_return (*generator)();
}

}  // namespace internal

/// The calls of a range, which is moved or copied here, such as `std::vector<Call>` or a view.
template <std::ranges::input_range Range>
    requires std::convertible_to<std::ranges::range_reference_t<Range>, Call>
std::unique_ptr<ResumableSource> calls_from(Range range) {
    std::optional<std::uint64_t> total;
    if constexpr (std::ranges::sized_range<Range>) total = std::ranges::size(range);
    auto calls = std::make_shared<internal::CallRange<Range>>(std::move(range));
    return std::make_unique<CallSource>([calls] { return internal::next_of(calls); }, total);
}

/// The calls of a generator: a function that returns `std::optional<Call>`, or a `Task` of one when it may have to
/// wait. It is called for one call at a time, when there is room for it, until it returns nothing.
template <class Generator>
    requires std::is_invocable_r_v<std::optional<Call>, Generator&> ||
             std::is_invocable_r_v<Task<std::optional<Call>>, Generator&>
std::unique_ptr<ResumableSource> calls_from(Generator generator) {
    auto kept = std::make_shared<Generator>(std::move(generator));
    if constexpr (std::is_invocable_r_v<Task<std::optional<Call>>, Generator&>) {
        return std::make_unique<CallSource>([kept] { return (*kept)(); });
    } else {
        return std::make_unique<CallSource>([kept] { return internal::called(kept); });
    }
}

}  // namespace plait::batch
