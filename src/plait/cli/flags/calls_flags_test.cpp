#include "plait/cli/flags/calls_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/policy/retry_budget.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace plait;
using namespace plait::cli;
using namespace std::chrono_literals;

namespace {

/// Gives a flag, such as `--hedge`, this value.
void give(CallsSettings& settings, std::string_view name, const std::string& value) {
    const std::vector<Flag> flags = calls_flags(settings);
    const auto flag =
        std::find_if(flags.begin(), flags.end(), [&](const Flag& one) { return one.long_name() == name; });
    REQUIRE(flag != flags.end());
    flag->effect(value);
}

/// Returns the options of a run with this flag alone.
batch::RunOptions options_with(std::string_view name, const std::string& value) {
    CallsSettings settings;
    give(settings, name, value);
    return settings.run;
}

/// Returns why a value is refused; empty: it is not.
std::string refusal_of(std::string_view name, const std::string& value) {
    try {
        options_with(name, value);
        return "";
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
}

}  // namespace

TEST_CASE("times of calls are more than zero") {
    CHECK(options_with("--deadline", "90s").deadline == 90s);
    CHECK(options_with("--max-wait", "1ms").retry.max_wait == 1ms);
    for (const std::string_view name : {"--deadline", "--max-wait"}) {
        CHECK(refusal_of(name, "0") == "'0' is not more than zero");
        CHECK(refusal_of(name, "0ms") == "'0ms' is not more than zero");
        CHECK(refusal_of(name, "soon").starts_with("'soon' is not a duration"));
    }
}

TEST_CASE("the concurrency is a number, or found out") {
    CHECK(options_with("--concurrency", "20").concurrency == 20);
    CHECK_FALSE(options_with("--concurrency", "auto").concurrency);
    for (const char* value : {"", "0", "-1", "Auto", "1000001"}) CHECK(refusal_of("--concurrency", value) != "");
}

TEST_CASE("the concurrency of each origin is a number, and by default unlimited") {
    CHECK_FALSE(batch::RunOptions().concurrency_per_origin);
    CHECK(options_with("--concurrency-per-origin", "8").concurrency_per_origin == 8);
    CHECK_FALSE(options_with("--concurrency-per-origin", "8").concurrency);
    for (const char* value : {"", "0", "-1", "auto", "1000001"})
        CHECK(refusal_of("--concurrency-per-origin", value) != "");
}

TEST_CASE("the retry budget is a share of the calls, or none") {
    const policy::RetryBudgetOptions usual;
    CHECK(options_with("--retry-budget", "50%").retry_budget.share == doctest::Approx(0.5));
    CHECK(options_with("--retry-budget", "0.05").retry_budget.share == doctest::Approx(0.05));
    CHECK(options_with("--retry-budget", "0").retry_budget.share == 0);
    CHECK(options_with("--retry-budget", "300%").retry_budget.least == usual.least);
    CHECK(options_with("--retry-budget", "none").retry_budget.least > 1'000'000);
    CHECK(refusal_of("--retry-budget", "20") == "'20' is not a share of the calls such as 20% or 0.2, or none");
    for (const char* value : {"", "None", "-1%", "100001%", "%", "nan", "20 %"})
        CHECK(refusal_of("--retry-budget", value).ends_with("or none"));
}

TEST_CASE("--attempts is the most, however well retries succeed") {
    const batch::RunOptions run = options_with("--attempts", "2");
    CHECK(run.retry.max_attempts == 2);
    CHECK(run.retry.max_attempts_while_helpful == 2);
    for (const char* value : {"0", "1001"}) CHECK(refusal_of("--attempts", value) != "");
}

TEST_CASE("a hedge is a percentile from p50 to p99") {
    CHECK(options_with("--hedge", "p50").hedge->slower_than == doctest::Approx(0.5));
    CHECK(options_with("--hedge", "p99").hedge->slower_than == doctest::Approx(0.99));
    CHECK(refusal_of("--hedge", "95") == "'95' is not a percentile such as p95");
    CHECK(refusal_of("--hedge", "") == "'' is not a percentile such as p95");
    for (const char* value : {"p", "p49", "p100", "p99.9", "p95%"}) {
        CAPTURE(value);
        CHECK(refusal_of("--hedge", value).ends_with("is not a whole number from 50 to 99"));
    }
}

TEST_CASE("a stop rule is about an outcome, and several may be given") {
    CallsSettings settings;
    give(settings, "--stop-if", "failed>20% of 200");
    give(settings, "--stop-if", "rejected>50");
    REQUIRE(settings.run.stop_rules.size() == 2);
    CHECK(settings.run.stop_rules[0].outcome == "failed");
    CHECK(settings.run.stop_rules[0].more_than == 20);
    CHECK(settings.run.stop_rules[0].of == 200);
    CHECK(settings.run.stop_rules[1].of == 0);
    CHECK(refusal_of("--stop-if", "broken>5") ==
          "'broken' is not one of the outcomes ok, rejected, failed, unknown, skipped");
    CHECK(refusal_of("--stop-if", "failed") != "");
}

TEST_CASE("the unit of --cost-from is the only one that limits and budgets have") {
    CallsSettings settings;
    give(settings, "--cost-from", "/usage/total_tokens");
    CHECK_THROWS_AS(read_cost_from(settings), Error);  // no unit is known
    give(settings, "--limit", "requests=500/m");
    give(settings, "--limit", "tokens=90k/m");
    give(settings, "--budget", "tokens=2M");
    read_cost_from(settings);
    CHECK(settings.run.cost_from);
    give(settings, "--budget", "usd=5");
    CHECK_THROWS_AS(read_cost_from(settings), Error);  // two units are
}

TEST_CASE("flags about pages need something to follow") {
    const batch::RunOptions each_page = options_with("--each-page", "");
    CHECK_THROWS_AS(check_page_flags(each_page, {"https://api.example/items"}, false), Error);
    CHECK_NOTHROW(check_page_flags(each_page, {"requests.jsonl"}, false));  // its lines may have rules
    CHECK_NOTHROW(check_page_flags(each_page, {"https://api.example/items"}, true));
    CHECK_THROWS_AS(check_page_flags(options_with("--max-pages", "3"), {"https://api.example/items"}, false), Error);
}
