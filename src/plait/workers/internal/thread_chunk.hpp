#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/settled.hpp"
#include "plait/async/task.hpp"
#include "plait/workers/internal/chunk_size.hpp"
#include "plait/workers/internal/map_run.hpp"
#include "plait/workers/internal/thread_team.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace plait::internal {

/// Items of a map that a thread works through in one job.
template <class Function, class Item>
class ThreadChunk {
  public:
    using Value = std::invoke_result_t<Function&, Item>;
    using Rest = Item;

    ThreadChunk(const Function& function, const ChunkRules& rules)
        : contents_(std::make_shared<Contents>(function, rules)) {}

    void add(std::size_t number, Item item) { contents_->items.emplace_back(number, std::move(item)); }
    void add_again(std::size_t number, Rest rest) { add(number, std::move(rest)); }
    std::size_t size() const noexcept { return contents_->items.size(); }
    static constexpr bool is_full() noexcept { return false; }

    std::size_t finished() const noexcept { return contents_->results.size(); }
    Duration took() const noexcept { return contents_->took; }

    template <class Put>
    void take_results(Put put) {
        for (std::size_t i = 0; i < finished(); ++i) put(contents_->items[i].first, std::move(contents_->results[i]));
    }
    template <class GiveBack>
    void take_rest(GiveBack give_back) {
        for (std::size_t i = finished(); i < size(); ++i)
            give_back(contents_->items[i].first, std::move(contents_->items[i].second));
    }

    /// The outcome of the items that were not begun.
    void fail_rest(const std::exception_ptr& error) {
        while (finished() < size()) contents_->results.emplace_back(error);
    }

    /// The state of the chunk; the job shares it, because the task that waits for it may be dropped.
    struct Contents {
        Contents(const Function& what, const ChunkRules& how) : function(what), rules(how) {}

        Function function;
        const ChunkRules rules;
        std::vector<std::pair<std::size_t, Item>> items;
        std::vector<Settled<Value>> results;  // of the first items
        Duration took{0};
    };
    const std::shared_ptr<Contents>& contents() const noexcept { return contents_; }

    /// The job: runs items one after another until all are done, the chunk is cancelled, or it takes too long.
    static void work_through(const std::shared_ptr<Contents>& contents) {
        const ThreadJob& job = *ThreadTeam::current_job();
        const Clock& clock = *contents->rules.clock;
        const TimePoint begun = clock.now();
        contents->results.reserve(contents->items.size());
        for (auto& [number, item] : contents->items) {
            if (job.stop_requested()) break;
            const bool succeeded = run(*contents, std::move(item));
            contents->took = clock.now() - begun;
            if (!succeeded && contents->rules.when_item_fails == WhenItemFails::stop) break;
            if (contents->rules.ends_when_long && contents->took > longest_work_of_a_chunk) break;
        }
    }

  private:
    static bool run(Contents& contents, Item&& item) {
        try {
            if constexpr (std::is_void_v<Value>) {
                std::invoke(contents.function, std::move(item));
                contents.results.emplace_back();
            } else {
                contents.results.emplace_back(std::invoke(contents.function, std::move(item)));
            }
            return true;
        } catch (...) {
            contents.results.emplace_back(std::current_exception());
            return false;
        }
    }

    std::shared_ptr<Contents> contents_;
};

/// How a `MapRun` has its chunks carried out by a thread pool.
template <class Pool, class Function, class Item>
class ThreadMapWork {
  public:
    using Chunk = ThreadChunk<Function, Item>;
    using Value = typename Chunk::Value;

    ThreadMapWork(Pool& pool, std::size_t workers, Function function)
        : pool_(&pool), workers_(workers), function_(std::move(function)) {}

    Chunk make_chunk(const ChunkRules& rules) const { return Chunk(function_, rules); }
    std::size_t workers() const noexcept { return workers_; }

    Task<void> carry_out(Chunk& chunk) {
        try {
            co_await pool_->submit(Chunk::work_through, chunk.contents());
        } catch (const Cancelled&) {
            throw;
        } catch (...) {
            chunk.fail_rest(std::current_exception());
        }
    }

  private:
    Pool* pool_;
    std::size_t workers_;
    Function function_;
};

}  // namespace plait::internal
