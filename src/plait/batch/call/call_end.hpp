#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/http/response.hpp"
#include "plait/trace/span_recorder.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace plait::batch {

/// How a call ended.
enum class Outcome {
    ok,        ///< an answer as it was expected
    rejected,  ///< another answer
    failed,    ///< no answer; surely not done, or harmless
    unknown,   ///< no answer, and it may have been done
    skipped,   ///< never sent, because of a rule of the run
};

inline constexpr std::size_t outcome_count = 5;

/// The outcome as a result line spells it.
std::string_view to_string(Outcome outcome) noexcept;

/// Why a call has no answer, or not the one that was expected.
class CallError {
  public:
    CallError(ErrorCode code_, std::string message_, bool retryable_ = false, bool maybe_sent_ = false)
        : code(code_), message(std::move(message_)), retryable(retryable_), maybe_sent(maybe_sent_) {}

    ErrorCode code;
    std::string message;
    bool retryable;   ///< the same request may be sent again, and has a chance then
    bool maybe_sent;  ///< a byte of the request may have left, and no answer tells what became of it
};

/// One attempt of a call, as its result line tells of it.
class AttemptNote {
  public:
    AttemptNote() noexcept {}

    int status = 0;     ///< of its answer; 0: none
    ErrorCode error{};  ///< without an answer
    TimePoint start{};
    Duration total{};
    http::Timings timings;  ///< with an answer
    bool reused = false;
    int copies = 1;           ///< that were sent, because the first was slow
    bool second_won = false;  ///< the second of them ended first
    /// How long until the next attempt was due, when there was one, and why: `back-off`, `retry-after`.
    std::optional<Duration> wait_after;
    std::string why;
};

/// What came of a call: all that its result line tells.
class CallEnd {
  public:
    explicit CallEnd(Outcome outcome_) noexcept : outcome(outcome_) {}
    CallEnd(Outcome outcome_, CallError error_) : outcome(outcome_), error(std::move(error_)) {}

    Outcome outcome;
    std::optional<http::Response> response;
    std::optional<CallError> error;
    std::vector<AttemptNote> attempts;
    /// What the call did over time, if somebody follows it.
    std::optional<trace::Span> span;
};

/// A call that did not end, and may be made by another run: it has no result.
class Postponed {};

/// What comes of making a call.
using MadeCall = std::variant<CallEnd, Postponed>;

}  // namespace plait::batch
