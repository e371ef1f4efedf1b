#include "plait/batch/tally/error_kinds.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

Call call_of(std::string id, std::string_view url) { return Call(std::move(id), 7, http::Request("GET", url)); }

CallEnd rejected(int status, std::string body) {
    CallEnd end(Outcome::rejected);
    end.response.emplace();
    end.response->status = status;
    end.response->body = std::move(body);
    return end;
}

CallEnd failed(ErrorCode code, std::string message) { return CallEnd(Outcome::failed, CallError(code, message)); }

constexpr TimePoint start = TimePoint(1h);

}  // namespace

TEST_CASE("results are counted by the code of their error, or by their status") {
    ErrorKinds errors;
    errors.add(call_of("a", "http://api.example/1"), rejected(404, "no such thing"), nullptr, start);
    errors.add(call_of("b", "http://api.example/2"), failed(ErrorCode::timeout, "timed out after 5 s"), nullptr, start);
    errors.add(BadLine("c", 3, "not JSON"), start);
    errors.add(call_of("d", "http://api.example/3"), failed(ErrorCode::timeout, "timed out after 6 s"), nullptr, start);
    REQUIRE(errors.kinds().size() == 3);
    const ErrorKinds::Kind& status = errors.kinds().at("status 404");
    CHECK(status.count == 1);
    CHECK(status.latest.custom_id == "a");
    CHECK(status.latest.line == 7);
    CHECK(status.latest.request == "GET http://api.example/1");
    CHECK(status.latest.message == "no such thing");
    CHECK(errors.kinds().at("timeout").count == 2);
    CHECK(errors.kinds().at("timeout").latest.message == "timed out after 5 s");
    CHECK(errors.kinds().at("bad_input").latest.message == "not JSON");
}

TEST_CASE("an example is replaced by a later one after a second, and no sooner") {
    ErrorKinds errors;
    const auto id_after = [&](Duration time, std::string id) {
        errors.add(call_of(std::move(id), "http://api.example/"), rejected(500, ""), nullptr, start + time);
        return errors.kinds().at("status 500").latest.custom_id;
    };
    CHECK(id_after(0s, "first") == "first");
    CHECK(id_after(999ms, "soon") == "first");
    CHECK(id_after(1s, "later") == "later");
    CHECK(errors.kinds().at("status 500").count == 3);
}

TEST_CASE("an example shows no secret, no control character and no long body") {
    Secrets secrets;
    secrets.add("env.KEY", "s3cret-key");
    ErrorKinds errors;
    errors.add(call_of("a\x1b[2J", "http://api.example/?key=s3cret-key"),
               rejected(500, std::string(10'000, 'x') + "\n"), &secrets, start);
    const ErrorKinds::Example& example = errors.kinds().at("status 500").latest;
    CHECK(example.custom_id == "a?[2J");
    CHECK(example.request.find("s3cret") == std::string::npos);
    CHECK(example.request.find("env.KEY") != std::string::npos);
    CHECK(example.message.size() <= ErrorKinds::longest_text + 3);
}

TEST_CASE("many kinds take bounded memory") {
    ErrorKinds errors;
    for (int status = 400; status < 600; ++status)
        errors.add(call_of("a", "http://api.example/"), rejected(status, ""), nullptr, start);
    CHECK(errors.kinds().size() == ErrorKinds::most_kinds + 1);
    CHECK(errors.kinds().at("other").count == 200 - ErrorKinds::most_kinds);
}
