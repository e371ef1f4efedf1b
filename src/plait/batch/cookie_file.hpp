#pragma once

#include "plait/async/task.hpp"
#include "plait/http/cookies/cookie_jar.hpp"
#include "plait/workers/thread_pool.hpp"

#include <string>

namespace plait::batch {

/// A file of cookies in Netscape's format, which a run reads when it starts, and replaces while it goes on and when it
/// ends. Only its owner may read it.
class CookieFile {
  public:
    /// Reads the cookies of the file `path`, if there is one, into `jar`, which outlives this object. Then writes them,
    /// since a run of hours must not fail at its end. Throws `Error`: `bad_input` for a file without cookies, `storage`
    /// if it can't be written.
    CookieFile(std::string path, http::CookieJar& jar);

    /// Replaces the file by the cookies of the jar, all at once. Throws `Error(storage)`.
    void save() const;

    /// Replaces the file once a second if cookies have changed, so that a killed run loses no more than that. Runs
    /// until it is cancelled. A disk that is full or slow stops nothing here: `save` has the last word.
    Task<void> keep();

  private:
    std::string path_;
    http::CookieJar& jar_;
    ThreadPool threads_{{.threads = 1}};  ///< waits for the disk
};

}  // namespace plait::batch
