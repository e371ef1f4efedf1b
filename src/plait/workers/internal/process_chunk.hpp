#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/settled.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/workers/internal/map_run.hpp"
#include "plait/workers/internal/process_job.hpp"

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace plait::internal {

/// Items of a map that go to a worker process together.
template <class Result, class Parameter>
class ProcessChunk {
  public:
    /// The bytes of an item.
    using Rest = std::string;

    ProcessChunk(FreeFunction<Result, Parameter> function, const ChunkRules& rules)
        : job_(make_process_job(function, JobRules{.ends_when_long = rules.ends_when_long,
                                                   .ends_at_failure = rules.when_item_fails == WhenItemFails::stop})),
          limit_(rules.limit_of_item) {}

    void add(std::size_t number, const std::decay_t<Parameter>& item) {
        job_.add(std::tie(item));
        numbers_.push_back(number);
    }
    void add_again(std::size_t number, const Rest& bytes) {
        job_.add_bytes(bytes);
        numbers_.push_back(number);
    }
    std::size_t size() const noexcept { return numbers_.size(); }
    bool is_full() const noexcept { return job_.is_full(); }

    /// Returns the job; no item may be added afterwards.
    ProcessJob& job() {
        job_.close();
        return job_;
    }
    const std::optional<Duration>& limit() const noexcept { return limit_; }
    void set_reply(JobReply reply) { reply_ = std::move(reply); }
    void fail_all(std::exception_ptr error) { error_ = std::move(error); }

    std::size_t finished() const noexcept { return error_ ? size() : reply_.size(); }
    Duration took() const noexcept { return reply_.took(); }

    template <class Put>
    void take_results(Put put) {
        std::size_t item = 0;
        reply_.read<Result>([&](Settled<Result> outcome) { put(numbers_[item++], std::move(outcome)); });
        while (item < finished()) put(numbers_[item++], Settled<Result>(error_));
    }
    template <class GiveBack>
    void take_rest(GiveBack give_back) {
        for (std::size_t item = finished(); item < size(); ++item)
            give_back(numbers_[item], std::string(job_.item(item)));
    }

  private:
    ProcessJob job_;
    std::vector<std::size_t> numbers_;
    std::optional<Duration> limit_;
    JobReply reply_;
    std::exception_ptr error_;
};

/// How a `MapRun` has its chunks carried out by a process pool.
template <class Pool, class Result, class Parameter>
class ProcessMapWork {
  public:
    using Chunk = ProcessChunk<Result, Parameter>;
    using Value = Result;

    ProcessMapWork(Pool& pool, std::size_t workers, FreeFunction<Result, Parameter> function) noexcept
        : pool_(&pool), workers_(workers), function_(function) {}

    Chunk make_chunk(const ChunkRules& rules) const { return Chunk(function_, rules); }
    std::size_t workers() const noexcept { return workers_; }

    Task<void> carry_out(Chunk& chunk) {
        try {
            chunk.set_reply(co_await pool_->perform(chunk.job(), chunk.limit()));
        } catch (const Cancelled&) {
            throw;
        } catch (...) {
            chunk.fail_all(std::current_exception());
        }
        // The worker is free and its next chunk is queued: that one is sent first, then the results of this one are
        // read.
        co_await yield();
    }

  private:
    Pool* pool_;
    std::size_t workers_;
    FreeFunction<Result, Parameter> function_;
};

}  // namespace plait::internal
