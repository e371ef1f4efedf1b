#include "plait/batch/caller/idle_rules.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

using Strings = std::vector<std::string>;

const Strings usd_is_silent{
    "no call has stated a cost in usd, so --budget usd=5 limits nothing: lines state one in \"cost\", or --cost-from "
    "usd=POINTER reads it from the answers"};

}  // namespace

TEST_CASE("a budget in a unit that no call states is said once early, and at the end") {
    IdleRules rules({}, {policy::Budget("usd", 5), policy::Budget("requests", 9)}, {});
    CHECK(rules.has_silent_units());
    CHECK(rules.sentences(true) == Strings{});  // without an answer, nothing is known
    for (std::uint64_t n = 1; n < IdleRules::enough_answers; ++n) CHECK(rules.answered({}, false) == Strings{});
    CHECK(rules.sentences(false) == Strings{});
    CHECK(rules.sentences(true) == usd_is_silent);
    CHECK(rules.answered({}, false) == usd_is_silent);
    CHECK(rules.answered({}, false) == Strings{});
    CHECK(rules.sentences(false) == usd_is_silent);
}

TEST_CASE("a call that states a cost, even of nothing, gives a rule effect") {
    IdleRules rules({policy::RateLimit("tokens", 90'000, 1min)}, {policy::Budget("usd", 5)}, {});
    rules.answered(policy::Costs("usd", 0), false);
    CHECK(rules.sentences(true).size() == 1);
    CHECK(rules.sentences(true)[0].find(
              "so --limit tokens=90k/m counts each as a whole burst and only slows the run") != std::string::npos);
    rules.spent_before(policy::Costs("tokens", 0));
    CHECK(rules.has_silent_units());
    rules.spent_before(policy::Costs("tokens", 7));
    CHECK_FALSE(rules.has_silent_units());
}

TEST_CASE("a pointer to costs at which no answer has a number is named") {
    IdleRules rules({}, {policy::Budget("usd", 5)}, CostSource("usd", "/nope"));
    rules.answered({}, false);
    CHECK(rules.sentences(true) ==
          Strings{"no answer has a number at /nope (--cost-from), so --budget usd=5 limits nothing"});
    rules.answered({}, true);
    CHECK(rules.sentences(true) == Strings{});
}

TEST_CASE("a pointer to the next page at which no first page has a value is said at the end") {
    IdleRules rules({}, {}, {});
    rules.first_page("/next", false);
    rules.first_page("/next", true);
    rules.first_page("/next", false);
    rules.first_page("/nxt", false);
    CHECK(rules.sentences(false) == Strings{});
    CHECK(rules.sentences(true) ==
          Strings{"no first page has a value at /nxt (--follow), not even null: if the pointer "
                  "is mistyped, all further pages are missing"});
}

TEST_CASE("the pointers that are watched are bounded") {
    IdleRules rules({}, {}, {});
    for (std::size_t n = 0; n < IdleRules::most_pointers + 5; ++n) rules.first_page("/" + std::to_string(n), false);
    CHECK(rules.sentences(true).size() == IdleRules::most_pointers);
}
