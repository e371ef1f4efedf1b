#include "plait/batch/check/forecast.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::batch;
using namespace std::chrono_literals;

namespace {

ForecastOptions with_limits(std::vector<policy::RateLimit> limits) {
    ForecastOptions options;
    options.limits = std::move(limits);
    return options;
}

}  // namespace

TEST_CASE("the group that uses most of a limit determines the time") {
    Forecaster forecaster(with_limits({policy::RateLimit("requests", 500, 1min)}));
    for (int n = 0; n < 1000; ++n) forecaster.add("https://a.example", {});
    for (int n = 0; n < 100; ++n) forecaster.add("b", {});
    const Forecast forecast = forecaster.forecast();
    REQUIRE(forecast.bounds.size() == 1);
    CHECK(forecast.bounds[0].because == "requests=500/m of https://a.example");
    CHECK(forecast.bounds[0].seconds == doctest::Approx(120));
    CHECK(forecaster.busiest_groups(1) ==
          std::vector<std::pair<std::string, std::uint64_t>>{{"https://a.example", 1000}});
    CHECK(forecaster.group_count() == 2);
}

TEST_CASE("the slowest of several limits comes first") {
    Forecaster forecaster(
        with_limits({policy::RateLimit("requests", 10, 1s), policy::RateLimit("tokens", 6000, 1min)}));
    for (int n = 0; n < 100; ++n) forecaster.add("a", policy::Costs("tokens", 50));
    const Forecast forecast = forecaster.forecast();
    REQUIRE(forecast.bounds.size() == 2);
    CHECK(forecast.bounds[0].because == "tokens=6k/m of a");
    CHECK(forecast.bounds[0].seconds == doctest::Approx(50));
    CHECK(forecast.bounds[1].seconds == doctest::Approx(10));
    REQUIRE(forecast.costs.size() == 1);
    CHECK(forecast.costs[0].unit == "tokens");
    CHECK(forecast.costs[0].sum == 5000);
    CHECK(forecast.untold.empty());
}

TEST_CASE("concurrency and latency bound the time, too") {
    ForecastOptions options;
    options.concurrency = 8;
    options.latency = 300ms;
    Forecaster forecaster(options);
    CHECK(forecaster.forecast().bounds.empty());
    for (int n = 0; n < 17; ++n) forecaster.add("a", {});
    const Forecast forecast = forecaster.forecast();
    REQUIRE(forecast.bounds.size() == 1);
    CHECK(forecast.bounds[0].because == "8 in flight, 300 ms each");
    CHECK(forecast.bounds[0].seconds == doctest::Approx(0.9));
}

TEST_CASE("the origin with the most calls bounds the time, whatever their groups") {
    ForecastOptions options;
    options.latency = 100ms;
    options.concurrency_per_origin = 2;
    Forecaster forecaster(options);
    CHECK(forecaster.forecast().bounds.empty());
    for (int n = 0; n < 5; ++n) forecaster.add(n % 2 ? "g" : "h", {}, "http://a.example");
    for (int n = 0; n < 4; ++n) forecaster.add("http://b.example", {});
    const Forecast forecast = forecaster.forecast();
    REQUIRE(forecast.bounds.size() == 2);
    CHECK(forecast.bounds[0].because == "2 in flight to http://a.example, 100 ms each");
    CHECK(forecast.bounds[0].seconds == doctest::Approx(0.3));
    CHECK(forecast.bounds[1].because == "100 in flight, 100 ms each");
}

TEST_CASE("calls that state no cost are counted separately") {
    ForecastOptions options = with_limits({policy::RateLimit("tokens", 6000, 1min)});
    options.budgets = {policy::Budget("usd", 1)};
    Forecaster forecaster(options);
    forecaster.add("a", policy::Costs("tokens", 6000));
    forecaster.add("a", policy::Costs("usd", 0.5));
    const Forecast forecast = forecaster.forecast();
    CHECK(forecast.bounds[0].seconds == doctest::Approx(60));
    CHECK(forecast.untold == std::vector<std::pair<std::string, std::uint64_t>>{{"tokens", 1}});
    CHECK(forecast.budgets[0].untold == 1);
    CHECK_FALSE(forecast.budgets[0].is_enough());  // nobody knows
    CHECK_FALSE(forecast.budgets[0].is_too_small());
}

TEST_CASE("a budget lasts for the calls before the first that exceeds it") {
    ForecastOptions options;
    options.budgets = {policy::Budget("usd", 1), policy::Budget("requests", 4)};
    Forecaster forecaster(options);
    for (const double cost : {0.4, 0.4, 0.3, 0.1}) forecaster.add("a", policy::Costs("usd", cost));
    const Forecast forecast = forecaster.forecast();
    CHECK_FALSE(forecast.budgets[0].is_enough());
    CHECK(forecast.budgets[0].enough_for == 2);
    CHECK(forecast.budgets[0].needed == doctest::Approx(1.2));
    CHECK(forecast.budgets[1].is_enough());
    CHECK(forecast.budgets[1].enough_for == 4);
}

TEST_CASE("groups beyond the bound are counted, and give no bound") {
    Forecaster forecaster(with_limits({policy::RateLimit("requests", 1, 1s)}));
    for (std::size_t n = 0; n < Forecaster::most_groups + 10; ++n) forecaster.add(std::to_string(n), {});
    forecaster.add("0", {});
    CHECK(forecaster.group_count() == Forecaster::most_groups);
    CHECK(forecaster.calls() == Forecaster::most_groups + 11);
    CHECK(forecaster.forecast().bounds[0].seconds == doctest::Approx(2));
}
