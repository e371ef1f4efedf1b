#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/http/body/saved_body.hpp"
#include "plait/workers/thread_pool.hpp"

namespace plait::batch::internal {

/// Moves large bodies of answers that came whole to files in a folder, as a session does that receives them. The disk
/// may be slow, so a thread writes. Belongs to one loop, and outlives its tasks.
class BodySaver {
  public:
    explicit BodySaver(const http::BodyFolder& folder) : folder_(folder), disk_(ThreadPoolOptions{.threads = 1}) {}

    /// Returns the attempt, with its body in a file if it has more than `BodyFolder::inline_bytes`; or a failure, if it
    /// can't be saved.
    Task<Attempt> save(Attempt attempt);

  private:
    const http::BodyFolder folder_;
    ThreadPool disk_;
};

}  // namespace plait::batch::internal
