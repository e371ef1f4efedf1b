#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/expectation.hpp"
#include "plait/http/limit_headers.hpp"
#include "plait/http/response.hpp"

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
    Duration grain{};    ///< how coarsely it was told: the true time is later by less than this
    std::string source;  ///< the header or the field of the body that names it, for people
};

/// What an answer says of a refusal, whatever its status.
class Refusal {
  public:
    Refusal() noexcept {}

    enum class Kind {
        none,
        later,    ///< asked too often: the same is welcome after a wait
        for_good  ///< all calls of the account are refused, and no wait of ours changes that
    };

    Kind kind = Kind::none;
    /// Whether the answer says that the request was refused before it was executed.
    bool is_surely_undone = false;
    /// Whether it is a refusal despite a status of success.
    bool outranks_status = false;
    /// Whether a rule named it a refusal, whatever the call expects.
    bool was_named = false;
    std::string reason;  ///< in the words of the server, if it is for good
    /// Whether the server wants another attempt (`x-should-retry`).
    std::optional<bool> should_retry;
    /// The wait that the answer asks for, even if it is no refusal.
    AskedWait asked;
};

/// Rules for the refusals of APIs that plait does not know.
using RefusalRules = std::span<const std::shared_ptr<const Expectation>>;

/// Reads what an answer that came at `now` says of a refusal: by its status (429), the rules `named`, `Retry-After`,
/// used-up limits in its headers, or words and waits in its body. A wait or a used-up limit makes a refusal only of the
/// statuses 400, 403 and 5xx. `said`: the limits in its headers.
Refusal read_refusal(const http::Response& response, const http::LimitHeaders& said, RefusalRules named, WallTime now);

}  // namespace plait::batch
