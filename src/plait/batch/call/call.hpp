#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/text/rare_text.hpp"
#include "plait/batch/answer/expectation.hpp"
#include "plait/batch/follow/follow_rule.hpp"
#include "plait/http/message/request.hpp"
#include "plait/policy/pace/costs.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace plait::batch {

/// The rules that a line sets for its call. They override the run's options.
class CallRules {
  public:
    CallRules() noexcept {}

    /// Time limit of the whole call, with its attempts and waits.
    std::optional<Duration> deadline;
    std::optional<int> max_attempts;
    /// Statuses that are retried, beside the usual ones.
    std::vector<int> retry_statuses;
    /// Whether sending it twice does no harm, by its method, its idempotency key or its line.
    bool safe_to_repeat = false;
    /// Whether it may be sent more than once at all, after a refusal, too. If not, it ends as its first attempt does.
    bool may_repeat = true;
    /// Calls with the highest priority are sent first.
    int priority = 0;
    /// The group whose limits it shares; empty: that of its origin.
    RareText group;
    /// Calls with the same key are made one after another, in the order of the input; empty: in any order.
    RareText order_key;
    policy::Costs costs;
    /// The answers that are ok; null: any 2xx.
    std::shared_ptr<const Expectation> expectation;
    /// Answers that are refusals, beside the well-known ones; null: those that the run names.
    std::shared_ptr<const Expectation> refusal;
    /// What makes further requests part of the call; null: what the run says.
    std::shared_ptr<const FollowRule> follow;
};

/// One request of the input, ready to be sent.
class Call {
  public:
    Call(std::string custom_id_, std::uint64_t line_, http::Request request_, std::string metadata_ = {})
        : custom_id(std::move(custom_id_)), line(line_), request(std::move(request_)), metadata(std::move(metadata_)) {
        rules.safe_to_repeat = http::is_repeatable(request);
    }
    /// For `calls_from`, which numbers the calls. An empty id becomes `line-<n>`.
    explicit Call(http::Request request_, std::string custom_id_ = {})
        : Call(std::move(custom_id_), 0, std::move(request_)) {}

    std::string custom_id;
    /// Its number in the input, counted from 1.
    std::uint64_t line;
    http::Request request;
    /// JSON that is copied into the result; empty: none.
    RareText metadata;
    CallRules rules;
    /// How often it was sent so far, hedges and redirects included.
    int attempts_begun = 0;
};

/// A line of the input that is not a valid request, and why. It has a result like any other.
class BadLine {
  public:
    BadLine(std::string custom_id_, std::uint64_t line_, std::string message_, std::string metadata_ = {})
        : custom_id(std::move(custom_id_)), line(line_), message(std::move(message_)), metadata(std::move(metadata_)) {}

    std::string custom_id;
    std::uint64_t line;
    std::string message;
    std::string metadata;
};

/// An item of a source, one for each line that is not blank.
using SourceItem = std::variant<Call, BadLine>;

/// Returns the id of a line that names none: `line-<n>`.
std::string automatic_id(std::uint64_t line);

/// Returns the id of a page of a call: that of the call for the first one, then `<id>#2`, `<id>#3` and so on.
std::string page_id(std::string_view custom_id, std::size_t page);
/// Whether an id ends like that of a page from the second on.
bool is_page_id(std::string_view id) noexcept;

}  // namespace plait::batch
