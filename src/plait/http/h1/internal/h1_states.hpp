#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace plait::http::internal {

/// Where the answer to one request over HTTP/1.1 is.
enum class AnswerState {
    head,          ///< its status line and header fields are arriving
    sized_body,    ///< its body is arriving, of a known length
    chunked_body,  ///< its body is arriving in chunks
    unsized_body,  ///< its body is arriving and ends when the server closes the connection
    done,          ///< it is complete, and the connection can carry another request
    must_close,    ///< it is complete, and the connection can't
    failed,        ///< it was cut short or broke a rule, and is useless; so is the connection
};

/// What happens to an answer.
enum class AnswerEvent {
    interim_head,   ///< a head that is not the final one arrived (1xx)
    bodiless_head,  ///< a final head arrived that no body follows
    sized_head,     ///< a final head arrived, and its body has a length
    chunked_head,   ///< a final head arrived, and its body comes in chunks
    unsized_head,   ///< a final head arrived, and nothing says where its body ends
    body_end,       ///< the last byte of the body arrived; of a chunked one, the end of its trailers
    wanted_event,   ///< the event arrived after which the caller wants no more
    no_reuse,       ///< the complete answer says, or shows, that its connection must not be used again
    surplus,        ///< a byte arrived after the complete answer
    stream_end,     ///< the server closed its side of the connection
    violation,      ///< a rule was broken, or a limit exceeded
};

/// One arrow of the state diagram.
struct AnswerTransition {
    AnswerState state;
    AnswerEvent event;
    AnswerState next;
};

/// All arrows, by the state they leave.
std::span<const AnswerTransition> answer_transitions() noexcept;

/// The state after `event`; nothing when the event can't happen in `state`.
std::optional<AnswerState> next_state(AnswerState state, AnswerEvent event) noexcept;

/// What the head of an answer says about its body.
struct HeadFacts {
    int status = 0;
    bool answers_head_request = false;
    bool is_chunked = false;
    std::optional<std::uint64_t> content_length{};
};

/// How the body ends (RFC 9112, section 6.3), as one of the five events ending in `_head`.
AnswerEvent classify_head(const HeadFacts& head) noexcept;

}  // namespace plait::http::internal
