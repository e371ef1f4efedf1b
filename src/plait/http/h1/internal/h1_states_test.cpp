#include "plait/http/h1/internal/h1_states.hpp"

#include "plait/base/error.hpp"
#include "plait/http/h1/internal/h1_answer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;

namespace {

using enum AnswerState;
using enum AnswerEvent;

/// All states that some events lead to from `start`, including `start`.
std::set<AnswerState> reachable_from(AnswerState start) {
    std::set<AnswerState> reached{start};
    for (std::size_t before = 0; before != reached.size();) {
        before = reached.size();
        for (const AnswerTransition& transition : answer_transitions()) {
            if (reached.contains(transition.state)) reached.insert(transition.next);
        }
    }
    return reached;
}

bool has_way_out(AnswerState state) {
    return std::any_of(answer_transitions().begin(), answer_transitions().end(),
                       [&](const AnswerTransition& transition) { return transition.state == state; });
}

/// Bytes of an answer, and the events that they are. The last piece may be the end of the stream.
struct Step {
    std::string_view bytes;
    std::vector<AnswerEvent> events;
};

constexpr std::string_view end_of_stream{};

struct Transcript {
    std::vector<Step> steps;
    std::string method = "GET";
};

const Step sized{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", {sized_head}};
const Step chunked{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", {chunked_head}};
const Step unsized{"HTTP/1.1 200 OK\r\n\r\n", {unsized_head}};
const Step bodiless{"HTTP/1.1 204 No\r\n\r\n", {bodiless_head}};
const Step interim{"HTTP/1.1 103 Early\r\n\r\n", {interim_head}};
const Step cut{end_of_stream, {stream_end}};
const Step sized_events{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n",
                        {sized_head}};
const Step chunked_events{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
                          {chunked_head}};
const Step unsized_events{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", {unsized_head}};

/// Answers that between them take every arrow of the table.
const std::vector<Transcript> transcripts{
    {{interim, interim, sized, {"hi", {body_end}}}},
    {{sized, {"h", {}}, {"i", {body_end}}, {"!", {surplus}}, {"!", {surplus}}, cut}},
    {{{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {sized_head, body_end}}}},
    {{{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", {sized_head, body_end}}, cut}},
    {{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", {sized_head}},
      {"hi", {body_end, no_reuse}}}},
    {{chunked, {"2\r\nhi\r\n", {}}, {"0\r\n\r\n", {body_end}}}},
    {{unsized, {"hi", {}}, cut}},
    {{bodiless, cut, cut}},
    {{{"HTTP/1.0 204 No\r\n\r\n", {bodiless_head, no_reuse}}}},
    {{{"HTTP/1.1 304 Same\r\nContent-Length: 2\r\n\r\n", {bodiless_head}}}},
    {{{sized.bytes, {bodiless_head}}}, "HEAD"},
    {{{chunked.bytes, {bodiless_head}}}, "HEAD"},
    {{{unsized.bytes, {bodiless_head}}}, "HEAD"},
    {{cut}},
    {{interim, cut}},
    {{sized, {"h", {}}, cut}},
    {{chunked, {"2\r\nhi\r\n", {}}, cut}},
    {{{"SSH-2.0", {violation}}}},
    {{{"HTTP/1.1 101 Switch\r\n\r\n", {interim_head, violation}}}},
    {{sized, {std::string_view("0123456789"), {body_end, surplus}}}},
    {{sized_events, {"data:!\n\n", {wanted_event}}, {"!", {surplus}}}},
    {{chunked_events, {"8\r\ndata:!\n\n", {wanted_event}}}},
    {{unsized_events, {"data:!\n\n", {wanted_event}}, cut}},
    {{chunked_events, {"8\r\ndata:!\n\n\r\n0\r\n\r\n", {body_end}}}},
    {{chunked, {"x\r\n\r\n\r\n", {violation}}}},
    {{unsized, {std::string_view("01234567890123456789"), {violation}}}},
};

}  // namespace

TEST_CASE("every state can be reached, and from each but a failure the answer can still end") {
    const std::set<AnswerState> reached = reachable_from(head);
    CHECK(reached.size() == static_cast<std::size_t>(failed) + 1);
    for (const AnswerState state : reached) {
        if (state == failed) continue;
        const auto ends = reachable_from(state);
        CHECK((ends.contains(done) || ends.contains(must_close)));
    }
    CHECK_FALSE(has_way_out(failed));
}

TEST_CASE("no event leads from one state to two") {
    std::set<std::pair<AnswerState, AnswerEvent>> seen;
    for (const auto& [state, event, next] : answer_transitions()) {
        CHECK(seen.emplace(state, event).second);
        CHECK(next_state(state, event) == next);
    }
    CHECK(next_state(failed, surplus) == std::nullopt);
    CHECK(next_state(head, body_end) == std::nullopt);
}

TEST_CASE("a connection is never reused after an answer that was cut, or that has bytes after it") {
    for (const auto& [state, event, next] : answer_transitions()) {
        if (event == stream_end || event == surplus || event == violation) CHECK(next != done);
    }
}

TEST_CASE("real bytes take every transition of the table") {
    Limits limits;
    limits.body_bytes = 10;
    BodyMemory memory(1'000'000);
    std::set<std::pair<AnswerState, AnswerEvent>> taken;
    for (const Transcript& transcript : transcripts) {
        const Request request(transcript.method, "http://a.example/");
        Response response;
        H1Answer answer(request, limits, memory, response, Decoding::on, "!");
        AnswerState expected = head;
        for (const auto& [bytes, events] : transcript.steps) {
            for (const AnswerEvent event : events) {
                taken.emplace(expected, event);
                expected = next_state(expected, event).value();
            }
            const auto receive = [&] { bytes.empty() ? answer.receive_end() : answer.receive(bytes); };
            if (expected == failed) {
                CHECK_THROWS_AS(receive(), Error);
            } else {
                receive();
            }
            CHECK_MESSAGE(answer.state() == expected, "after '" << bytes << "'");
        }
    }
    // A body with a length is within its limits when its head was accepted, unless memory for all bodies runs out.
    taken.emplace(sized_body, violation);
    CHECK(taken.size() == answer_transitions().size());
}

TEST_CASE("memory that runs out in the middle of a body is a violation") {
    BodyMemory memory(100'000);
    const Request request("GET", "http://a.example/");
    const Limits limits;
    Response response;
    H1Answer answer(request, limits, memory, response);
    answer.receive("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    CHECK(answer.state() == sized_body);
    CHECK_THROWS_AS(answer.receive(std::string(500'000, 'x')), Error);
    CHECK(answer.state() == failed);
}

TEST_CASE("a head says how the body ends, in the order of RFC 9112, section 6.3") {
    const auto event_of = [](int status, bool is_head_request, bool is_chunked, std::optional<std::uint64_t> length) {
        return classify_head({status, is_head_request, is_chunked, length});
    };
    CHECK(event_of(100, false, false, {}) == interim_head);
    CHECK(event_of(103, true, true, 5) == interim_head);
    CHECK(event_of(200, true, true, 5) == bodiless_head);
    CHECK(event_of(204, false, true, {}) == bodiless_head);
    CHECK(event_of(304, false, false, 5) == bodiless_head);
    CHECK(event_of(200, false, true, {}) == chunked_head);
    CHECK(event_of(404, false, false, 5) == sized_head);
    CHECK(event_of(200, false, false, 0) == sized_head);
    CHECK(event_of(200, false, false, {}) == unsized_head);
}
