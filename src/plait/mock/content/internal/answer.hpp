#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/incoming/request_reader.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::mock::internal {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view text_type = "text/plain";

/// The contents of an answer.
struct Answer {
    Answer() {}

    Duration delay{};
    int status = 200;
    std::string_view content_type = json_type;
    std::string headers;  ///< further lines of the head, each with its end
    std::string body;
    std::size_t fill = 0;  ///< how many bytes `x` follow the body
};

/// Makes an answer 400 that says what to write instead.
Answer explanation(std::string_view what);

/// Makes the answer, with this status, to a request that could not be read. The connection ends with it.
Answer refusal_answer(int status);

/// Returns the request as JSON.
std::string echo_of(const http::ReceivedRequest& request);

/// Appends the answer as it goes on the wire, without its `fill`: status line, header fields, body.
void append_answer(std::string& out, const Answer& answer, const http::ReceivedRequest& request);

/// Appends its status line and header fields, and the empty line after them.
void append_head(std::string& out, const Answer& answer, const http::ReceivedRequest& request);

/// Whether an answer with this status to this request has a body (RFC 9112, section 6.3).
bool has_body(const Answer& answer, const http::ReceivedRequest& request);

}  // namespace plait::mock::internal
