#pragma once

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/workers/internal/process_job.hpp"

#include <cstddef>
#include <cstdint>

namespace plait::internal {

/// What each worker process does before its first job.
struct WorkerSetup {
    std::uint64_t memory_limit = 0;  ///< bytes of address space; 0: none
    void (*initializer)() = nullptr;
};

/// Before the arguments of a job.
struct JobHead {
    Perform perform;
    AnyFunction function;
};

/// Before what a job gave.
struct ReplyHead {
    enum class Kind : std::uint8_t {
        result,     ///< the bytes of its value
        error,      ///< it threw an `Error` with `code` and this text
        exception,  ///< it threw something else, with this text
        not_ready   ///< no job was taken: the initializer threw something with this text
    };
    Kind kind;
    ErrorCode code = ErrorCode::worker_died;
};

/// The life of a worker process: takes a job from `socket`, runs it, replies; until the socket's other end is closed.
/// Never returns.
[[noreturn]] void be_worker(const UniqueFd& socket, const WorkerSetup& setup);

}  // namespace plait::internal
