#pragma once

#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_end.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace plait::batch {

/// One result of a run, as a value: a request of the input, and how it ended.
class CallResult {
  public:
    CallResult(Call call, CallEnd end_) : item(std::move(call)), end(std::move(end_)) {}
    /// The result of a line that is not a request: `failed`, with the error `bad_input`.
    explicit CallResult(BadLine line)
        : item(std::move(line)),
          end(Outcome::failed, CallError(ErrorCode::bad_input, std::get<BadLine>(item).message)) {}

    const std::string& custom_id() const noexcept {
        return std::visit([](const auto& one) -> const std::string& { return one.custom_id; }, item);
    }
    /// The request's number in the input, counted from 1.
    std::uint64_t line() const noexcept {
        return std::visit([](const auto& one) { return one.line; }, item);
    }
    /// The call with its request; null for a line that is not a request.
    const Call* call() const noexcept { return std::get_if<Call>(&item); }

    SourceItem item;
    CallEnd end;
};

}  // namespace plait::batch
