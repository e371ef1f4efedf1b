#include "plait/http/h1/internal/h1_states.hpp"

#include <array>
#include <cstddef>

namespace plait::http::internal {

namespace {

using enum AnswerState;
using enum AnswerEvent;

// clang-format off
constexpr AnswerTransition transitions[] = {
    {head,         interim_head,  head},  // at most Limits::interim_responses times
    {head,         bodiless_head, done},
    {head,         sized_head,    sized_body},
    {head,         chunked_head,  chunked_body},
    {head,         unsized_head,  unsized_body},
    {head,         stream_end,    failed},
    {head,         violation,     failed},

    {sized_body,   body_end,      done},
    {sized_body,   stream_end,    failed},  // a cut answer is an error, never a short success
    {sized_body,   wanted_event,  must_close},
    {sized_body,   violation,     failed},

    {chunked_body, body_end,      done},
    {chunked_body, stream_end,    failed},
    {chunked_body, wanted_event,  must_close},
    {chunked_body, violation,     failed},

    {unsized_body, stream_end,    must_close},
    {unsized_body, wanted_event,  must_close},
    {unsized_body, violation,     failed},

    {done,         no_reuse,      must_close},
    {done,         surplus,       must_close},
    {done,         stream_end,    must_close},

    {must_close,   surplus,       must_close},
    {must_close,   stream_end,    must_close},
};
// clang-format on

constexpr std::size_t index_of(AnswerState state) { return static_cast<std::size_t>(state); }
constexpr std::size_t index_of(AnswerEvent event) { return static_cast<std::size_t>(event); }

/// The table by state and event: it is asked some times for each answer.
constexpr auto next_states = [] {
    std::array<std::array<std::optional<AnswerState>, index_of(violation) + 1>, index_of(failed) + 1> next{};
    for (const AnswerTransition& transition : transitions)
        next[index_of(transition.state)][index_of(transition.event)] = transition.next;
    return next;
}();

}  // namespace

std::span<const AnswerTransition> answer_transitions() noexcept { return transitions; }

std::optional<AnswerState> next_state(AnswerState state, AnswerEvent event) noexcept {
    return next_states[index_of(state)][index_of(event)];
}

AnswerEvent classify_head(const HeadFacts& head) noexcept {
    // Interim answers precede the final one (RFC 9110, section 15.2).
    if (head.status < 200) return interim_head;

    // The steps of RFC 9112, section 6.3. Where they call for an error, MessageParser has thrown it by now.
    //
    // 1. An answer to HEAD, a 204 and a 304 end with their head.
    if (head.answers_head_request || head.status == 204 || head.status == 304) return bodiless_head;
    // 2. A 2xx to CONNECT opens a tunnel. Request refuses CONNECT.
    // 3. Transfer-Encoding together with Content-Length is how answers are smuggled: an error.
    // 4. A Transfer-Encoding of "chunked" delimits the body. We ask for no other coding, so any other is an error.
    if (head.is_chunked) return chunked_head;
    // 5. A Content-Length that is not a number, or two that differ: an error.
    // 6. A valid Content-Length is the number of bytes that follow.
    if (head.content_length) return sized_head;
    // 7. About requests, which have no body here.
    // 8. An answer without either field ends when the server closes the connection.
    return unsized_head;
}

}  // namespace plait::http::internal
