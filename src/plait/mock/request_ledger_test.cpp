#include "plait/mock/request_ledger.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::mock;

namespace {

const TimePoint some_time(std::chrono::hours(100));

/// Records a request with this id and its answer.
void serve(RequestLedger& ledger, std::string_view id) {
    auto* const entry = ledger.line_of(id);
    ledger.came(entry, some_time);
    ledger.answered(entry);
    ledger.left(entry);
}

}  // namespace

TEST_CASE("the ledger counts as a map does") {
    RequestLedger ledger(1000);
    std::map<std::string, std::uint32_t> naive;
    std::mt19937_64 random(5);
    for (int i = 0; i < 5000; ++i) {
        const std::string id = "id-" + std::to_string(random() % 900);
        ++naive[id];
        serve(ledger, id);
    }
    std::uint64_t repeated = 0;
    for (const auto& [id, came] : naive) {
        CHECK(ledger.statistics_of(id).came == came);
        if (came > 1) ++repeated;
    }
    CHECK(ledger.statistics().ids == naive.size());
    CHECK(ledger.statistics().ids_more_than_once == repeated);
    CHECK(ledger.statistics().untracked == 0);
    CHECK(ledger.statistics_of("never").came == 0);
}

TEST_CASE("ids are listed in order of arrival") {
    RequestLedger ledger(10);
    for (const char* id : {"b", "a", "", "b"}) serve(ledger, id);
    std::vector<std::pair<std::string, std::uint32_t>> seen;
    ledger.for_each([&](std::string_view id, const IdStatistics& one) { seen.emplace_back(id, one.came); });
    CHECK(seen == std::vector<std::pair<std::string, std::uint32_t>>{{"b", 2}, {"a", 1}, {"", 1}});
}

TEST_CASE("a refusal does not count as a repeated id") {
    RequestLedger ledger(10);
    auto* const entry = ledger.line_of("a");
    for (int i = 0; i < 3; ++i) {
        ledger.came(entry, some_time);
        ledger.refused(entry);
        ledger.left(entry);
    }
    serve(ledger, "a");
    CHECK(ledger.statistics().ids_more_than_once == 0);
    CHECK(ledger.statistics_of("a").came == 4);
    CHECK(ledger.statistics_of("a").refused == 3);
    serve(ledger, "a");
    CHECK(ledger.statistics().ids_more_than_once == 1);
    ledger.came(entry, some_time);
    ledger.refused(entry);
    CHECK(ledger.statistics().ids_more_than_once == 1);
}

TEST_CASE("ids over the limit are counted together") {
    RequestLedger ledger(2);
    for (const char* id : {"a", "b", "c", "d", "a"}) serve(ledger, id);
    CHECK(ledger.statistics().ids == 2);
    CHECK(ledger.statistics().untracked == 2);
    CHECK(ledger.statistics().requests == 5);
    CHECK(ledger.statistics().answered == 5);
    CHECK(ledger.statistics_of("a").came == 2);
    CHECK(ledger.line_of("c") == nullptr);
}

TEST_CASE("an id whose text has no room is counted all the same") {
    RequestLedger ledger(2);
    const std::string longest(1000, 'x');
    serve(ledger, longest);
    serve(ledger, longest);
    CHECK(ledger.statistics_of(longest).came == 2);
    ledger.for_each([](std::string_view id, const IdStatistics&) { CHECK(id.empty()); });
}

TEST_CASE("the counts of a killed process are kept") {
    RequestLedger ledger(10);
    serve(ledger, "before");
    const pid_t child = ::fork();
    if (child == 0) {
        serve(ledger, "before");
        ledger.came(ledger.line_of("at the end"), some_time);
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    CHECK(ledger.statistics().in_flight == 1);
    ledger.returned();
    CHECK(ledger.statistics().crashes == 1);
    CHECK(ledger.statistics().in_flight == 0);
    CHECK(ledger.statistics_of("at the end").came == 1);
    CHECK(ledger.statistics_of("at the end").in_flight == 0);
    CHECK(ledger.statistics_of("before").came == 2);
}
