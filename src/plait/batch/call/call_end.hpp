#pragma once

#include "plait/base/boxed.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/rare_text.hpp"
#include "plait/http/message/response.hpp"
#include "plait/trace/span_recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// How a call ended.
enum class Outcome {
    ok,        ///< an expected answer
    rejected,  ///< another answer
    failed,    ///< no answer; certainly not executed, or harmless
    unknown,   ///< no answer, and it may have been executed
    skipped,   ///< never sent, because of a rule of the run
};

inline constexpr std::size_t outcome_count = 5;

/// Returns the outcome as result lines spell it.
std::string_view to_string(Outcome outcome) noexcept;

/// Why a call has no answer, or an unexpected one.
class CallError {
  public:
    CallError(ErrorCode code_, std::string message_, bool retryable_ = false, bool maybe_sent_ = false)
        : code(code_), message(std::move(message_)), retryable(retryable_), maybe_sent(maybe_sent_) {}

    ErrorCode code;
    std::string message;
    bool retryable;   ///< the same request may be sent again, and could then succeed
    bool maybe_sent;  ///< part of the request may have been sent, and its outcome is unknown
};

/// One attempt of a call, as its result line reports it.
class AttemptNote {
  public:
    AttemptNote() noexcept {}

    RareText url;       ///< that it was redirected to; empty: that of the request
    int status = 0;     ///< of the answer; 0: there was none
    ErrorCode error{};  ///< if there was no answer
    TimePoint start{};
    Duration total{};
    http::Timings timings;  ///< if there was an answer
    bool reused = false;
    std::uint64_t connection = 0;  ///< its number, among those of its worker; 0: none was open
    int copies = 1;                ///< the number of copies sent; more than 1 if the first was slow
    bool second_won = false;       ///< the second copy ended first
    /// The wait before the next attempt, if there was one, and its reason: `back-off`, `retry-after`.
    std::optional<Duration> wait_after;
    RareText why;
};

/// The end of a call: all that its result line reports.
class CallEnd {
  public:
    explicit CallEnd(Outcome outcome_) noexcept : outcome(outcome_) {}
    CallEnd(Outcome outcome_, CallError error_) : outcome(outcome_), error(std::move(error_)) {}

    Outcome outcome;
    Boxed<http::Response> response;
    /// The pages that came, of a call that has pages (`PageRule`). If the last answer is one (`last_is_page`), its body
    /// is here, and not in `response`.
    std::vector<http::Response> pages;
    RareText page_method;  ///< of the requests for pages beyond the first; empty: GET
    bool has_pages = false;
    bool last_is_page = false;
    bool has_more_pages = false;  ///< the last page named another one, which was not got
    /// What had come of a stream when the time for it was up. Without an answer.
    Boxed<http::Response> partial;
    std::optional<CallError> error;
    std::vector<AttemptNote> attempts;
    /// The bodies of its request and of those for further pages, each counted once.
    std::uint64_t sent_bytes = 0;
    /// The activities of the call, if it is traced.
    Boxed<trace::Span> span;
};

/// The result of making a call: its end. Nothing: it is postponed, and a later run can make it.
using MadeCall = Boxed<CallEnd>;

}  // namespace plait::batch
