#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/reset_time.hpp"
#include "plait/http/response.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// What an answer's body says of a refusal.
class RefusalBody {
  public:
    RefusalBody() {}

    enum class Meaning {
        none,        ///< a wait is named, but no word for a refusal
        later,       ///< asked too often: a wait lifts it
        for_account  ///< a quota or a budget of the account is used up: no wait of ours lifts it
    };

    Meaning meaning = Meaning::none;
    std::string word;                      ///< as it stands there, such as `rateLimitExceeded`; may be empty
    std::string message;                   ///< that stands beside it; may be empty
    std::optional<http::ParsedWait> wait;  ///< how long to wait
    std::string wait_source;               ///< the name of the field that told it, for people
};

/// Bodies that are longer say nothing of refusals.
inline constexpr std::size_t longest_refusal_body = 64 * 1024;

/// Looks for words such as `THROTTLED`, `rateLimitExceeded` or `insufficient_quota`, and for waits such as
/// `retry_after`, in the places where APIs tell errors: in JSON the object itself, `error`, `errors` and what they
/// hold; in XML `Error`/`Code`; of AWS also the header `x-amzn-errortype`. What an answer 2xx tells counts only where
/// GraphQL and Slack tell errors, and no data comes with it. Nothing when there is nothing; costs an ordinary answer
/// 2xx no parsing. The answer came at `now`.
std::optional<RefusalBody> read_refusal_body(const http::Response& response, WallTime now);

}  // namespace plait::batch
