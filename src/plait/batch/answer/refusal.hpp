#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/answer/expectation.hpp"
#include "plait/http/limit_headers/limit_headers.hpp"
#include "plait/http/message/response.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace plait::batch {

/// A wait that an answer asks for.
class AskedWait {
  public:
    AskedWait() noexcept {}

    std::optional<Duration> wait;
    Duration grain{};    ///< its resolution: the true time is later by less than this
    std::string source;  ///< the header or body field that it came from, for messages
};

/// What an answer says about a refusal, whatever its status.
class Refusal {
  public:
    Refusal() noexcept {}

    enum class Kind {
        none,
        later,    ///< too many requests: the same request is welcome after a wait
        for_good  ///< all calls of the account are refused, and no wait helps
    };

    Kind kind = Kind::none;
    /// Whether the answer says that the request was refused before it was executed.
    bool is_surely_undone = false;
    /// Whether it is a refusal despite a status of success.
    bool outranks_status = false;
    /// Whether a rule named it a refusal, whatever the call expects.
    bool was_named = false;
    std::string reason;  ///< the server's words, for a refusal for good
    /// Whether the server wants another attempt (`x-should-retry`).
    std::optional<bool> should_retry;
    /// The wait that the answer asks for, even if it is no refusal.
    AskedWait asked;
};

/// Rules for the refusals of APIs that plait does not know.
using RefusalRules = std::span<const std::shared_ptr<const Expectation>>;

/// Reads what an answer, received at `now`, says about a refusal: by its status (429), the rules `named`,
/// `Retry-After`, used-up limits in its headers, or words and waits in its body. A wait or a used-up limit makes an
/// answer a refusal only with the statuses 400, 403 and 5xx. `said`: the limits in its headers.
Refusal read_refusal(const http::Response& response, const http::LimitHeaders& said, RefusalRules named, WallTime now);

}  // namespace plait::batch
