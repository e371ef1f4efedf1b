#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/workers/internal/process_job.hpp"
#include "plait/workers/internal/result_board.hpp"

#include <cstdint>

namespace plait::internal {

/// What each worker process does before its first job.
struct WorkerSetup {
    std::uint64_t memory_limit = 0;  ///< bytes of address space; 0: none
    void (*initializer)() = nullptr;
};

/// The first message to a worker; its board comes with it.
struct Welcome {};

/// Before the payload of a job.
struct JobHead {
    Perform perform;
    AnyFunction function;
    std::uint32_t items;
    std::uint32_t most;  ///< the most of them to run
    JobRules rules;
};

/// The message of a worker that has finished a job. The outcomes of the items are on the board.
struct ReplyHead {
    enum class Kind : std::uint8_t {
        done,      ///< some items have their outcome
        not_ready  ///< no job was taken: the initializer threw something with this text
    };
    Kind kind = Kind::done;
    std::uint32_t on_board = 0;
    bool has_beside_board = false;
    OutcomeHead beside_board;  ///< of the item after those; its bytes are the body of this message
    Duration took{0};
};

/// The life of a worker process: takes a job from `socket`, runs its items, replies; until the socket's other end is
/// closed. Never returns.
[[noreturn]] void be_worker(const UniqueFd& socket, const WorkerSetup& setup);

}  // namespace plait::internal
