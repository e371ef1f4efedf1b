#include "plait/batch/caller/internal/part_options.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using namespace plait::batch;
using namespace plait::batch::internal;
using namespace std::chrono_literals;

TEST_CASE("the window of a limit is longer by the time between the permit of an attempt and its departure") {
    CallerOptions options;
    options.limits.push_back(policy::parse_rate_limit("requests=5/10s"));
    options.departure_jitter = 2s;
    CHECK(group_options(options, 100).pace.limits.at(0).window == 12s);
    CHECK(options.limits.at(0).window == 10s);
}

TEST_CASE("a group finds its own limit of calls in flight only with adaptive concurrency") {
    CallerOptions options;
    CHECK_FALSE(group_options(options, 100).in_flight);

    options.adaptive_concurrency = true;
    const GroupOptions wide = group_options(options, 1000);
    CHECK(wide.in_flight->most == 1000);
    CHECK(wide.in_flight->first == policy::AdaptiveLimitOptions().first);
    CHECK(wide.pace.server.opening.first_look > 0);

    const GroupOptions narrow = group_options(options, 1);
    CHECK(narrow.in_flight->most == 1);
    CHECK(narrow.in_flight->first == 1);

    options.once = true;
    CHECK(group_options(options, 1000).pace.server.opening.first_look == policy::OpeningOptions().first_look);
}

TEST_CASE("the retry budget of a group lets one call use up its attempts") {
    CallerOptions options;
    options.retry.max_attempts = 50;
    CHECK(group_options(options, 100).retries.least == 49);
}

TEST_CASE("a group is remembered for as long as its limits count") {
    CallerOptions options;
    CHECK(group_memory(options) == 10min);
    options.limits.push_back(policy::parse_rate_limit("requests=1000/24h"));
    options.limits.push_back(policy::parse_rate_limit("requests=5/1s"));
    CHECK(group_memory(options) == 24h);
}

TEST_CASE("the number of attempts that a line names is final, however much retries help") {
    CallerOptions options;
    CallRules rules;
    CHECK(retry_options(options, rules).max_attempts_while_helpful == options.retry.max_attempts_while_helpful);
    rules.max_attempts = 2;
    CHECK(retry_options(options, rules).max_attempts == 2);
    CHECK(retry_options(options, rules).max_attempts_while_helpful == 2);
}

TEST_CASE("a call is sent once if the run or its line says so") {
    CallerOptions options;
    CallRules rules;
    CHECK_FALSE(is_once(options, rules));
    rules.may_repeat = false;
    CHECK(is_once(options, rules));
    rules.may_repeat = true;
    options.once = true;
    CHECK(is_once(options, rules));
}
