#include "plait/policy/pace/rate_limit.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace plait;
using namespace plait::policy;
using namespace std::chrono_literals;

TEST_CASE("a limit is read from its text and written as it was read") {
    const struct {
        const char* text;
        double amount;
        Duration window;
    } limits[] = {{"requests=500/m", 500, 1min}, {"tokens=90k/m", 90'000, 1min}, {"requests=5/10s", 5, 10s},
                  {"requests=0.5/s", 0.5, 1s},   {"tokens=2M/d", 2e6, 24h},      {"input_tokens=1.5M/h", 1.5e6, 1h},
                  {"requests=200/s", 200, 1s}};
    for (const auto& expected : limits) {
        const RateLimit limit = parse_rate_limit(expected.text);
        CHECK(limit.amount == expected.amount);
        CHECK(limit.window == expected.window);
        CHECK(to_string(limit) == expected.text);
    }
    CHECK(parse_rate_limit("tokens=90k/m").unit == "tokens");
    CHECK(parse_rate_limit("tokens=90000/60s") == parse_rate_limit("tokens=90k/m"));
}

TEST_CASE("the error for a malformed limit says what is wrong") {
    const struct {
        const char* text;
        const char* reason;
    } faults[] = {{"", "there is no '='"},
                  {"500/m", "there is no '='"},
                  {"=500/m", "'' is not the name of a unit"},
                  {"7up=500/m", "'7up' is not the name of a unit"},
                  {"requests=/m", "no number above 0"},
                  {"requests=0/m", "no number above 0"},
                  {"requests=-5/m", "no number above 0"},
                  {"requests=inf/m", "no number above 0"},
                  {"requests=nan/m", "no number above 0"},
                  {"requests=500", "no time follows the number"},
                  {"requests=500m", "no time follows the number"},
                  {"requests=500/", "'' is not a time"},
                  {"requests=500/w", "'w' is not a time"},
                  {"requests=500/0s", "'0s' is not a time"},
                  {"requests=500/32d", "'32d' is not a time"},
                  {"requests=500/99999999999999999999s", "is not a time"},
                  {"requests=500/m ", "'m ' is not a time"}};
    for (const auto& fault : faults) {
        std::string message;
        try {
            parse_rate_limit(fault.text);
        } catch (const Error& error) {
            message = error.what();
            CHECK(error.code() == ErrorCode::bad_input);
        }
        CHECK(message.starts_with("limit '" + std::string(fault.text) + "': "));
        CHECK(message.find(fault.reason) != std::string::npos);
    }
}
