#include "plait/batch/method/internal/call_text.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace plait;
using namespace plait::batch;
using namespace plait::batch::internal;
using namespace std::chrono_literals;

namespace {

http::Response answer() {
    http::Response response;
    response.status = 418;
    response.reason = "I'm a teapot";
    response.headers.add("A", "b");
    response.body = std::string("\0text", 5);
    response.coding = std::string("gzip");
    response.is_decoded = true;
    response.trailers.add("C", "d");
    response.timings = {1ns, 2ns, 3ns, 4ns, 5ns, 6ns};
    response.reused = true;
    response.version = http::HttpVersion::http_2;
    response.relay = std::string("http://proxy");
    response.connection = 12;
    return response;
}

}  // namespace

TEST_CASE("a request is read as it was written") {
    http::Request request("PATCH", "https://api.example/a?b#c");
    request.headers.add("X-A", "b");
    request.body = std::string("\0body", 5);
    request.timeout = 5s;
    request.over_new_connection = true;
    const std::string text = request_text(request);
    const http::Request read = read_request(text);
    CHECK(read.method() == "PATCH");
    CHECK(read.url.text() == request.url.text());
    CHECK(read.headers.get("x-a") == "b");
    CHECK(read.body == request.body);
    CHECK(read.timeout == request.timeout);
    CHECK_FALSE(read.time_left);
    CHECK(request_text(read) == text);
}

TEST_CASE("an answer is read as it was written") {
    const std::string text = attempt_text(answer());
    const Attempt attempt = read_attempt(text);
    REQUIRE(attempt.response());
    const auto& read = *attempt.response();
    CHECK(read.status == 418);
    CHECK(read.body == answer().body);
    CHECK(read.coding.view() == "gzip");
    CHECK(read.version == http::HttpVersion::http_2);
    CHECK(read.timings.receive == 6ns);
    CHECK(attempt_text(attempt) == text);
}

TEST_CASE("a failure is read as it was written, with what came before it") {
    Failure failure(ErrorCode::timeout, "too late", true, false, true);
    failure.is_permanent = true;
    failure.partial = std::make_shared<http::Response>(answer());
    const std::string text = attempt_text(failure);
    const Attempt attempt = read_attempt(text);
    REQUIRE(attempt.failure());
    const auto& read = *attempt.failure();
    CHECK(read.code == ErrorCode::timeout);
    CHECK(read.message == "too late");
    CHECK(read.maybe_sent);
    CHECK(read.was_refused);
    REQUIRE(read.partial);
    CHECK(read.partial->body == answer().body);
    CHECK(attempt_text(attempt) == text);
}

TEST_CASE("texts that are cut anywhere are refused") {
    const std::string texts[] = {attempt_text(answer()), attempt_text(Failure(ErrorCode::dns, "no address", false)),
                                 request_text(http::Request("GET", "http://a/"))};
    for (const std::string& text : texts) {
        for (std::size_t size = 0; size < text.size(); ++size) {
            const std::string cut = text.substr(0, size);
            if (&text == &texts[2]) {
                CHECK_THROWS_AS(read_request(cut), Error);
            } else {
                CHECK_THROWS_AS(read_attempt(cut), Error);
            }
        }
    }
}

TEST_CASE("a request takes along what its session would add, and nothing after it left the origin") {
    http::SessionOptions session;
    session.headers.add("X-Default", "1");
    session.headers.add("X-A", "2");
    auto credentials = std::make_shared<http::CredentialTable>();
    credentials->set_default({"me", "pass"});
    session.credentials = credentials;
    http::Request request("GET", "http://a/");
    request.headers.add("X-A", "own");
    const http::Request whole = self_contained(request, session);
    CHECK(whole.headers.get("X-Default") == "1");
    CHECK(whole.headers.get_all("X-A").size() == 1);
    CHECK(whole.headers.contains("Authorization"));
    request.without_default_headers = true;
    const http::Request bare = self_contained(request, session);
    CHECK_FALSE(bare.headers.contains("X-Default"));
    CHECK_FALSE(bare.headers.contains("Authorization"));
}

TEST_CASE("a body of texts becomes one text") {
    auto parts = std::make_shared<http::BodyParts>();
    parts->add_text("one ");
    parts->add_text("two");
    http::Request request("POST", "http://a/");
    request.body_parts = parts;
    CHECK(self_contained(request, http::SessionOptions()).body == "one two");
}

TEST_CASE("the terms of a run change what an answer is, and not how a server is reached") {
    http::SessionOptions of_run;
    of_run.timeouts.attempt = 3s;
    of_run.limits.body_bytes = 77;
    of_run.until_event = "done";
    of_run.decode = false;
    http::SessionOptions of_worker;
    of_worker.routes.unix_socket = "/socket";
    apply_terms(of_worker, terms_text(of_run));
    CHECK(of_worker.timeouts.attempt == 3s);
    CHECK(of_worker.limits.body_bytes == 77);
    CHECK(of_worker.until_event == "done");
    CHECK_FALSE(of_worker.decode);
    CHECK(of_worker.routes.unix_socket == "/socket");
    CHECK_THROWS_AS(apply_terms(of_worker, "\x09"), Error);
}
