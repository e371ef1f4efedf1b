#pragma once

#include "plait/http/cookie_jar.hpp"

#include <string>

namespace plait::batch {

/// A file of cookies in Netscape's format, which a run reads when it starts, and replaces when it ends. Only its owner
/// may read it.
class CookieFile {
  public:
    /// Reads the cookies of the file `path`, if there is one, into `jar`, which outlives this object. Then writes them,
    /// since a run of hours must not fail at its end. Throws `Error`: `bad_input` for a file without cookies, `storage`
    /// if it can't be written.
    CookieFile(std::string path, http::CookieJar& jar);

    /// Replaces the file by the cookies of the jar, all at once. Throws `Error(storage)`.
    void save() const;

  private:
    std::string path_;
    http::CookieJar& jar_;
};

}  // namespace plait::batch
