#include "plait/compare/jobs/job.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::compare;

namespace {

std::string refusal(std::string_view text) {
    try {
        Job::parse(text);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("each job computes the right result") {
    CHECK(Job::parse("fib:20").perform() == "6765");
    CHECK(Job::parse("fib:0").perform() == "0");
    // From `head -c 1048576 /dev/zero | sha256sum`, and the hash of an empty input.
    CHECK(Job::parse("sha256:1MiB").perform() == "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58");
    CHECK(Job::parse("sha256:0KiB").perform() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(Job::parse("sleep:1us").perform() == "slept");
}

TEST_CASE("amounts are parsed with their units") {
    CHECK(Job::parse("fib:38").amount() == 38);
    CHECK(Job::parse("sha256:64MiB").amount() == 64 << 20);
    CHECK(Job::parse("sha256:1GiB").amount() == 1 << 30);
    CHECK(Job::parse("sleep:90ms").amount() == 90'000);
    CHECK(Job::parse("sleep:60s").amount() == 60'000'000);
}

TEST_CASE("the error for an unknown job lists the known ones") {
    for (const char* text : {"nosuch:1", "", "fib", ":38", "Fib:38"}) {
        const std::string said = refusal(text);
        for (const JobKind& kind : job_kinds) CHECK(said.find(kind.example) != std::string::npos);
    }
}

TEST_CASE("the error for an invalid amount names the largest one") {
    for (const char* text : {"fib:", "fib:51", "fib:-1", "fib:3x", "fib:99999999999999999999"}) {
        CHECK(refusal(text).find("of at most 50, such as fib:38") != std::string::npos);
    }
    for (const char* text : {"sha256:64", "sha256:2GiB", "sha256:64MB", "sha256:17179869184GiB"}) {
        CHECK(refusal(text).find("of at most 1GiB") != std::string::npos);
    }
    CHECK(refusal("sleep:61s").find("of at most 60s") != std::string::npos);
}

TEST_CASE("each example is a job") {
    for (const JobKind& kind : job_kinds) CHECK(Job::parse(kind.example).name() == kind.example);
}
