#include "plait/batch/method/internal/wire.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;
using plait::batch::internal::RecordedAttempt;
using plait::batch::internal::WireAttempt;
using plait::batch::internal::WireRequest;

TEST_CASE("a request comes out of the wire as it went in") {
    http::Request sent("PUT", "http://a.b:81/c?d=e");
    sent.headers = {{"X-One", "1"}, {"x-one", "2"}};
    sent.body = std::string("\0\xff", 2);
    sent.timeout = 1500ms;
    sent.time_left = 90ms;
    sent.over_new_connection = true;
    sent.without_default_headers = true;
    sent.without_credentials = true;
    const http::Request request = WireRequest(sent).unwrap();
    CHECK(request.method() == "PUT");
    CHECK(request.url == sent.url);
    CHECK(request.headers.get_all("x-one") == std::vector<std::string_view>{"1", "2"});
    CHECK(request.body == sent.body);
    CHECK(request.timeout == sent.timeout);
    CHECK(request.time_left == sent.time_left);
    CHECK(request.over_new_connection);
    CHECK(request.without_default_headers);
    CHECK(request.without_credentials);
}

TEST_CASE("an answer comes out of the wire as it went in") {
    http::Response sent;
    sent.status = 404;
    sent.reason = "Gone Fishing";
    sent.headers = {{"A", "1"}};
    sent.body = "body";
    sent.coding = "gzip";
    sent.is_decoded = true;
    sent.trailers = {{"B", "2"}};
    sent.timings = {1ms, 2ms, 3ms, 4ms, 5ms, 6ms};
    sent.reused = true;
    sent.relay = "http://proxy.example:3128";
    sent.connection = 17;
    const Attempt attempt = WireAttempt(RecordedAttempt(sent)).unwrap().attempt;
    const auto& response = *attempt.response();
    CHECK(response.status == 404);
    CHECK(response.reason == "Gone Fishing");
    CHECK(response.headers.get("a") == "1");
    CHECK(response.body == "body");
    CHECK(response.coding == "gzip");
    CHECK(response.is_decoded);
    CHECK(response.trailers.get("b") == "2");
    CHECK(response.timings.dns == 1ms);
    CHECK(response.timings.receive == 6ms);
    CHECK(response.reused);
    CHECK(response.relay == sent.relay);
    CHECK(response.connection == 17);
}

TEST_CASE("the part of a stream that came in time crosses the wire with the failure") {
    Failure sent(ErrorCode::timeout, "too late", true);
    sent.partial = std::make_shared<http::Response>();
    sent.partial->status = 200;
    sent.partial->body = "data: 1";
    const Attempt attempt = WireAttempt(RecordedAttempt(sent)).unwrap().attempt;
    const auto& failure = *attempt.failure();
    REQUIRE(failure.partial);
    CHECK(failure.partial->status == 200);
    CHECK(failure.partial->body == "data: 1");
}

TEST_CASE("a failure crosses the wire unchanged, with its span") {
    trace::SpanStates states(TimePoint(1s));
    states.extend(trace::Activity::connect, TimePoint(3s));
    Failure sent(ErrorCode::timeout, "too late", true, true);
    sent.is_permanent = true;
    sent.connection = 3;
    const RecordedAttempt recorded = WireAttempt(RecordedAttempt(sent, 17, states)).unwrap();
    const auto& failure = *recorded.attempt.failure();
    CHECK(failure.code == ErrorCode::timeout);
    CHECK(failure.message == "too late");
    CHECK(failure.maybe_sent);
    CHECK(failure.was_stale);
    CHECK(failure.is_permanent);
    CHECK(failure.connection == 3);
    CHECK(recorded.worker == 17);
    CHECK(recorded.states->begin() == TimePoint(1s));
    CHECK(recorded.states->segments() == states.segments());
}
