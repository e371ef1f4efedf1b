#pragma once

#include "plait/mock/content/internal/answer.hpp"
#include "plait/mock/limit/internal/reset_text.hpp"

#include <optional>
#include <string_view>

// Answers that more requests follow: lists in pages, and jobs that take their time. Their URLs say how far they are, so
// the server remembers nothing.
namespace plait::mock::internal {

/// Makes a page of the list `/pages?n=<n>` or `/pages/<flaw>?n=<n>`; nothing when the path is invalid.
std::optional<Answer> page_answer(std::string_view arguments, const http::ReceivedRequest& request,
                                  std::string_view scheme, Answer usual);

/// Makes the answer for `/jobs/<ms>`, which starts a job, or for the URL of a job, `/jobs/<ms>/<end>`; nothing when the
/// path is invalid.
std::optional<Answer> job_answer(std::string_view arguments, const http::ReceivedRequest& request, Answer usual,
                                 CalendarTime now);

/// The paths that an invalid one should have been, for people.
inline constexpr std::string_view page_paths =
    "write /pages?n=<pages> or /pages/<flaw>?n=<pages>; flaws are counted, loop, elsewhere and missing";
inline constexpr std::string_view job_paths =
    "write /jobs/<ms>, with at most a day; ?retry_after=<seconds> and ?end=<status> say more";

}  // namespace plait::mock::internal
