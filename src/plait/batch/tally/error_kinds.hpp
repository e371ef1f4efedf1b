#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/secrets.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace plait::batch {

/// Counts the results that are not ok by kind, and keeps the latest example of each. Its size does not grow with the
/// run.
class ErrorKinds {
  public:
    /// Further kinds are counted together, as `other`.
    static constexpr std::size_t most_kinds = 50;
    /// This many bytes of a message or a body are kept.
    static constexpr std::size_t longest_text = 300;
    /// An example is kept for this long, so that a storm of errors costs no more than its counters.
    static constexpr Duration renewal = std::chrono::seconds(1);

    struct Example {
        std::string custom_id;
        std::uint64_t line = 0;
        std::string request;  ///< method and URL; empty for a line that is not a request
        std::string message;  ///< of the error, or the beginning of the answer's body
        TimePoint when{};
    };

    struct Kind {
        std::uint64_t count = 0;
        Example latest;
    };

    /// Counts a call that ended with an outcome other than ok. `secrets` are redacted in its URL; those in `end` are by
    /// now. Null: there are none.
    void add(const Call& call, const CallEnd& end, const Secrets* secrets, TimePoint now);

    /// Counts a line that is not a request.
    void add(const BadLine& line, TimePoint now);

    /// By the code of the error, such as `timeout`, or the status, such as `status 404`.
    const std::map<std::string, Kind>& kinds() const noexcept { return kinds_; }

  private:
    /// Counts the kind. Returns its example if that is to be written anew; else null.
    Example* count(std::string kind, TimePoint now);

    std::map<std::string, Kind> kinds_;
};

}  // namespace plait::batch
