#include "plait/policy/stop_rules.hpp"

#include "plait/base/error.hpp"
#include "plait/base/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::policy;

namespace {

template <class Parse>
std::string refusal_of(Parse parse, const char* text) {
    try {
        parse(text);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a budget is read from its text, and the error for a malformed one says what is wrong") {
    CHECK(parse_budget("usd=5").unit == "usd");
    CHECK(parse_budget("usd=5").amount == 5);
    CHECK(parse_budget("usd=0.25").amount == 0.25);
    CHECK(parse_budget("tokens=2M").amount == 2e6);
    for (const auto& [text, reason] :
         std::vector<std::pair<const char*, const char*>>{{"", "there is no '='"},
                                                          {"5", "there is no '='"},
                                                          {"=5", "'' is not the name"},
                                                          {"usd=", "no number above 0"},
                                                          {"usd=0", "no number above 0"},
                                                          {"usd=-1", "no number above 0"},
                                                          {"usd=5$", "no number above 0"}}) {
        CHECK(refusal_of(parse_budget, text).find(reason) != std::string::npos);
    }
}

TEST_CASE("reserved and spent amounts never exceed the budget") {
    BudgetRule rule(parse_budget("usd=1"));
    CHECK(rule.reserve(0.6));
    CHECK_FALSE(rule.reserve(0.6));
    rule.settle(0.6, 0.1);
    CHECK(rule.reserve(0.6));
    CHECK(rule.spent() == doctest::Approx(0.7));
    CHECK(rule.reason() == "the budget of 1 usd is used up");
    BudgetRule tenths(parse_budget("usd=1"));
    for (int i = 0; i < 10; ++i) CHECK(tenths.reserve(0.1));
    CHECK_FALSE(tenths.reserve(0.01));
}

TEST_CASE("a stop rule is read from its text, and the error for a malformed one says what is wrong") {
    const StopIf share = parse_stop_if("failed>20% of 200");
    CHECK(share.outcome == "failed");
    CHECK(share.more_than == 20);
    CHECK(share.of == 200);
    CHECK(parse_stop_if(" rejected > 0.5% of  10").of == 10);
    CHECK(parse_stop_if("failed>50").of == 0);
    for (const auto& [text, reason] :
         std::vector<std::pair<const char*, const char*>>{{"failed", "there is no '>'"},
                                                          {">5", "'' is not an outcome"},
                                                          {"failed>", "no number follows"},
                                                          {"failed>x", "no number follows"},
                                                          {"failed>-1", "no number follows"},
                                                          {"failed>1.5", "a whole number"},
                                                          {"failed>20%", "of how many"},
                                                          {"failed>20% of", "of how many"},
                                                          {"failed>20% of many", "'many' is not a number"},
                                                          {"failed>20% of 0", "'0' is not a number"},
                                                          {"failed>100% of 20", "never happens"},
                                                          {"failed>20 of 200", "' of 200' follows the number"}}) {
        CAPTURE(text);
        CHECK(refusal_of(parse_stop_if, text).find(reason) != std::string::npos);
    }
}

TEST_CASE("a share of the last outcomes agrees with a naive count") {
    Random random(1);
    for (int round = 0; round < 50; ++round) {
        StopIf options;
        options.outcome = "failed";
        options.more_than = static_cast<double>(random() % 60);
        options.of = 1 + random() % 40;
        StopIfRule rule(options);
        std::vector<bool> ends;
        for (int call = 0; call < 200; ++call) {
            ends.push_back(random() % 4 == 0);
            const bool stop = rule.ended(ends.back() ? "failed" : "ok");
            const auto bad =
                ends.size() < options.of ? 0 : std::count(ends.end() - static_cast<long>(options.of), ends.end(), true);
            CHECK(stop == (static_cast<double>(bad) * 100 > options.more_than * static_cast<double>(options.of)));
        }
    }
}

TEST_CASE("a count stops at the first outcome above it") {
    StopIfRule rule(parse_stop_if("failed>2"));
    CHECK_FALSE(rule.ended("failed"));
    CHECK_FALSE(rule.ended("ok"));
    CHECK_FALSE(rule.ended("failed"));
    CHECK(rule.ended("failed"));
    CHECK(rule.reason() == "3 calls failed, more than 2");
}

TEST_CASE("no call follows the first ones before they have succeeded") {
    Canary canary(2);
    CHECK(canary.begin());
    CHECK(canary.begin());
    CHECK_FALSE(canary.begin());
    canary.ended("");
    CHECK_FALSE(canary.begin());
    canary.ended("");
    CHECK(canary.passed());
    CHECK(canary.begin());
    canary.ended("too late to matter");
    CHECK_FALSE(canary.reason());
}

TEST_CASE("a failure among the first calls stops the run and says why") {
    Canary canary(3);
    CHECK(canary.begin());
    canary.ended("401 Unauthorized");
    CHECK_FALSE(canary.begin());
    CHECK(canary.reason() == "one of the first 3 calls failed, and the others would too: 401 Unauthorized");
}
