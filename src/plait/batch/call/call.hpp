#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/expectation.hpp"
#include "plait/http/request.hpp"
#include "plait/policy/costs.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace plait::batch {

/// What a line says of how its call is made, beside what is sent. For the rest the run's options hold.
class CallRules {
  public:
    CallRules() noexcept {}

    /// Of the whole call, with its attempts and waits.
    std::optional<Duration> deadline;
    std::optional<int> max_attempts;
    /// Answers that are worth another attempt, beside those that are anyway.
    std::vector<int> retry_statuses;
    /// Whether sending it twice does no more than sending it once: its method, its key or its line says so.
    bool safe_to_repeat = false;
    /// Whose pace it shares; empty: that of its origin.
    std::string group;
    /// Calls of the same key are made one after another, in the order of the input; empty: no order.
    std::string order_key;
    /// The highest leaves first.
    int priority = 0;
    policy::Costs costs;
    /// What counts as ok; null: any 2xx.
    std::shared_ptr<const Expectation> expectation;
    /// What counts as a refusal beside what is known to be one; null: what the run says.
    std::shared_ptr<const Expectation> refusal;
};

/// One request of the input, ready to be sent.
class Call {
  public:
    Call(std::string custom_id_, std::uint64_t line_, http::Request request_, std::string metadata_ = {})
        : custom_id(std::move(custom_id_)), line(line_), request(std::move(request_)), metadata(std::move(metadata_)) {
        rules.safe_to_repeat = http::is_repeatable(request);
    }
    /// For `calls_from`, which numbers the calls. An empty id: `line-<n>`.
    explicit Call(http::Request request_, std::string custom_id_ = {})
        : Call(std::move(custom_id_), 0, std::move(request_)) {}

    std::string custom_id;
    /// Where it stands in the input, counted from 1.
    std::uint64_t line;
    http::Request request;
    /// JSON that comes back with the result as it is; empty without.
    std::string metadata;
    CallRules rules;
};

/// A line of the input that can't be sent, and why. It has a result all the same.
class BadLine {
  public:
    BadLine(std::string custom_id_, std::uint64_t line_, std::string message_, std::string metadata_ = {})
        : custom_id(std::move(custom_id_)), line(line_), message(std::move(message_)), metadata(std::move(metadata_)) {}

    std::string custom_id;
    std::uint64_t line;
    std::string message;
    std::string metadata;
};

/// What a source yields for each line that is not blank.
using SourceItem = std::variant<Call, BadLine>;

/// The id of a line that names none: `line-<n>`.
std::string automatic_id(std::uint64_t line);

}  // namespace plait::batch
