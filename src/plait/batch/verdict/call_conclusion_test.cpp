#include "plait/batch/verdict/call_conclusion.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

Attempt answer(int status) {
    http::Response response;
    response.status = status;
    return response;
}

/// The last attempt of a call, and its verdict by `classify`.
struct Last {
    Attempt attempt;
    Refusal refusal;
};

Last ok() { return {answer(200), Refusal()}; }
Last server_error() { return {answer(500), Refusal()}; }
Last refused() {
    Last last{answer(429), Refusal()};
    last.refusal.kind = Refusal::Kind::later;
    last.refusal.is_surely_undone = true;
    last.refusal.asked.wait = 30s;
    last.refusal.asked.source = "retry-after";
    return last;
}
Last not_connected() { return {Failure(ErrorCode::connect, "connection refused", false), Refusal()}; }
Last lost_answer() { return {Failure(ErrorCode::reset, "connection reset", true), Refusal()}; }
Last cut_by(Failure failure) { return {std::move(failure), Refusal()}; }

/// A call and how its attempts ended.
struct Case {
    AttemptsEnd ended;
    Last last;
    bool safe = false;
    bool resumable = false;
    bool is_cut = false;
};

/// `postponed`, or the outcome with the error's code and message.
std::string conclusion_of(const Case& one) {
    CallRules rules;
    rules.safe_to_repeat = one.safe;
    const AttemptVerdict verdict = classify(one.last.attempt, rules, one.last.refusal);
    const CallHistory history(rules, 15min, 3, one.is_cut, one.last.attempt, verdict, one.last.refusal.asked);
    const auto conclusion = conclude(history, one.ended, one.resumable);
    if (!conclusion) return "postponed";
    std::string text(to_string(conclusion->outcome));
    if (conclusion->error)
        text += " " + std::string(to_string(conclusion->error->code)) + ": " + conclusion->error->message;
    return text;
}

bool begins(const Case& one, std::string_view expected) {
    const std::string conclusion = conclusion_of(one);
    INFO(conclusion);
    return conclusion.starts_with(expected);
}

}  // namespace

TEST_CASE("a call whose last attempt decides ends as that attempt did") {
    using enum AttemptsEnd;
    CHECK(conclusion_of({final, ok()}) == "ok");
    CHECK(begins({final, server_error(), true}, "rejected"));
    CHECK(begins({final, refused()}, "rejected"));
    CHECK(conclusion_of({final, not_connected()}) == "failed connect: connection refused");
    CHECK(conclusion_of({final, lost_answer(), true}) == "failed reset: connection reset");
    CHECK(begins({final, lost_answer()}, "unknown reset"));
    // Whether the run can be resumed makes no difference.
    CHECK(begins({final, lost_answer(), true, true}, "failed reset"));
}

TEST_CASE("a call that is broken off is postponed if it may be sent again and a later run can do that") {
    using enum AttemptsEnd;
    for (const AttemptsEnd ended : {stopped, parked, given_up}) {
        CHECK(conclusion_of({ended, server_error(), true, true}) == "postponed");
        CHECK(conclusion_of({ended, not_connected(), false, true}) == "postponed");
        CHECK(conclusion_of({ended, refused(), false, true}) == "postponed");
        CHECK(begins({ended, lost_answer(), false, true}, "unknown reset"));
        CHECK(begins({ended, server_error(), true, false}, "rejected"));
    }
    for (const AttemptsEnd ended : {final, no_time_left, late})
        CHECK(conclusion_of({ended, server_error(), true, true}) != "postponed");
}

TEST_CASE("a call that has no time for another attempt names its deadline and its last attempt") {
    using enum AttemptsEnd;
    CHECK(begins({no_time_left, not_connected(), true},
                 "failed deadline: there is no time for another attempt before its deadline of 15 min, after 3 "
                 "attempts; the last: connect: connection refused"));
    CHECK(begins({late, not_connected(), true}, "failed deadline: its deadline of 15 min passed after 3 attempts; "));
    CHECK(begins({late, lost_answer()}, "unknown deadline: "));
}

TEST_CASE("a call that is surely not executed and late or parked is still refused") {
    using enum AttemptsEnd;
    CHECK(begins({no_time_left, refused()},
                 "rejected rate_limited: still refused (429): there is no time for another attempt before its deadline "
                 "of 15 min, and it was asked to wait 30"));
    CHECK(begins({late, refused()},
                 "rejected rate_limited: still refused (429): its deadline of 15 min passed meanwhile"));
    CHECK(begins({parked, refused()}, "rejected rate_limited: still refused (429): it was asked to come much later"));
}

TEST_CASE("an attempt that is cut by the deadline or by the run says so itself") {
    using enum AttemptsEnd;
    CHECK(conclusion_of({late, cut_by(deadline_passed(15min)), true, false, true}) ==
          "failed deadline: its deadline of 15 min passed while it was sent");
    CHECK(begins({late, cut_by(deadline_passed(15min)), false, false, true}, "unknown deadline"));
    CHECK(begins({given_up, cut_by(batch::given_up()), false, true, true}, "unknown cancelled"));
    CHECK(conclusion_of({given_up, cut_by(batch::given_up()), true, true, true}) == "postponed");
}

TEST_CASE("a call that was never sent is postponed, or skipped for the reason of its group or of the run") {
    const std::optional<std::string> none;
    const std::optional<std::string> stopped = "the budget is used up";
    CHECK_FALSE(why_skipped(AttemptsEnd::parked, true, "api: 5/s", stopped));
    CHECK_FALSE(why_skipped(AttemptsEnd::stopped, false, "", none));
    CHECK(why_skipped(AttemptsEnd::parked, false, "api: 5/s", none)->message == "not sent: api: 5/s");
    CHECK(why_skipped(AttemptsEnd::stopped, false, "", stopped)->message ==
          "not sent: the run was stopped: the budget is used up");
}
