#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/http/body/saved_body.hpp"
#include "plait/workers/thread_pool.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace plait::batch {

/// Gives the files of saved bodies the names that results refer to them by. Belongs to one loop.
class SavedBodies {
  public:
    /// With `blocks_loop`, attempts block the loop, and so may the disk. With `is_durable`, the disk is waited for
    /// before a result refers to a file.
    SavedBodies(bool blocks_loop, bool is_durable) : blocks_loop_(blocks_loop), is_durable_(is_durable) {}

    /// Whether an answer of the call, or one of its pages, is in a file.
    static bool are_in(const CallEnd& end);

    /// Gives these files their final names. Returns false if that fails: the answer then counts as not received, and
    /// the error of `end` says why. Both arguments outlive the task.
    Task<bool> keep(const std::string& custom_id, CallEnd& end);

  private:
    Task<void> keep_body(std::shared_ptr<http::SavedBody> body, std::string name);

    const bool blocks_loop_;
    const bool is_durable_;
    ThreadPool disk_{{.threads = 2}};  ///< waits for the disk
};

}  // namespace plait::batch
