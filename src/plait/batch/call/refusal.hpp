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

/// What an answer says against having been asked, in whatever status.
class Refusal {
  public:
    Refusal() noexcept {}

    enum class Kind {
        none,
        later,    ///< asked too often: the same is welcome after a wait
        for_good  ///< all calls of the account are refused, and no wait of ours changes that
    };

    Kind kind = Kind::none;
    /// Whether the answer says that the request was turned away before anything was done.
    bool is_surely_undone = false;
    /// Whether it is a refusal although its status is one of success.
    bool outranks_status = false;
    /// Whether it is one whatever the call expects.
    bool was_named = false;
    std::string reason;  ///< in the words of the server, if it is for good
    /// What the server says of another attempt (`x-should-retry`).
    std::optional<bool> should_retry;
    /// Also of an answer that is no refusal.
    AskedWait asked;
};

/// Rules that tell refusals of APIs which nobody knows.
using RefusalRules = std::span<const std::shared_ptr<const Expectation>>;

/// What an answer that came at `now` says, by its status (429), the rules that were `named`, `Retry-After`, limits in
/// its headers that are used up, or words and waits in its body. A wait or a used-up limit makes a refusal of the
/// statuses 400, 403 and 5xx only. `said`: what was read of the headers.
Refusal read_refusal(const http::Response& response, const http::LimitHeaders& said, RefusalRules named, WallTime now);

}  // namespace plait::batch
