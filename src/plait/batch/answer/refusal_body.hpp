#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/limit_headers/reset_time.hpp"
#include "plait/http/message/response.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// What an answer's body says about a refusal.
class RefusalBody {
  public:
    RefusalBody() {}

    enum class Meaning {
        none,        ///< there is a wait, but no word for a refusal
        later,       ///< too many requests: a wait lifts the refusal
        for_account  ///< a quota or budget of the account is used up: no wait lifts the refusal
    };

    Meaning meaning = Meaning::none;
    std::string word;                      ///< verbatim, such as `rateLimitExceeded`; may be empty
    std::string message;                   ///< the message beside it; may be empty
    std::optional<http::ParsedWait> wait;  ///< how long to wait
    std::string wait_source;               ///< the field that it came from, for messages
};

/// Longer bodies are not searched.
inline constexpr std::size_t longest_refusal_body = 64 * 1024;

/// Looks for words such as `THROTTLED`, `rateLimitExceeded` or `insufficient_quota`, and for waits such as
/// `retry_after`, in the places where APIs report errors: in JSON the object itself, `error`, `errors` and the objects
/// in them; in XML `Error`/`Code`; with AWS also the header `x-amzn-errortype`. A 2xx answer is searched only where
/// GraphQL and Slack report errors, and only if no data comes with it. Returns nothing if there is nothing to find. An
/// ordinary 2xx answer is not parsed. `now` is when the answer was received.
std::optional<RefusalBody> read_refusal_body(const http::Response& response, WallTime now);

}  // namespace plait::batch
