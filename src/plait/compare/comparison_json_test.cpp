#include "plait/compare/comparison_json.hpp"

#include "plait/compare/measure/internal/made_up_rows.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::compare;
using namespace plait::compare::internal;

TEST_CASE("a comparison as JSON") {
    Comparison comparison = calls_of_90_ms();
    comparison.rows.resize(1, comparison.rows.front());
    CHECK(
        comparison_json(comparison) ==
        R"({"work":"calls","calls":160,"processors":2,"rows":[{"by":"plait","method":"sync","scheduling":"nobody",)"
        R"("workers":1,"concurrency":1,"seconds":14.4300,"speed_up":1.000,"calls_per_second":11.088,"p50_ms":90.000,)"
        R"("p99_ms":90.000,"busy_processors":0.0014,"processors":1,"cpu_seconds":0.0200,"peak_mib":8.0,"waiting_share":0.9986,)"
        R"("outcomes":{"ok":160,"rejected":0,"failed":0,"unknown":0,"skipped":0},"refused":0}],"bound":"io",)"
        R"("advice":"These calls are I/O-bound: each takes 90 ms, of which 0.12 ms is CPU time. Use sync: 160 calls in 14.43 s. )"
        R"(No other measured method is faster."})"
        "\n");
}

TEST_CASE("unknown values are null") {
    Comparison comparison = calls_of_90_ms();
    comparison.rows.erase(comparison.rows.begin(), comparison.rows.begin() + 3);
    Measurement& measured = comparison.rows.front().measured;
    measured.p50.reset();
    measured.p99.reset();
    measured.in_calls = Duration::zero();
    measured.trouble = "a \"bad\" day";
    const std::string json = comparison_json(comparison);
    for (const char* words : {R"("speed_up":null)", R"("p50_ms":null)", R"("p99_ms":null)", R"("waiting_share":null)",
                              R"("bound":null)", R"(a \"bad\" day)"}) {
        CHECK(json.find(words) != std::string::npos);
    }
}

TEST_CASE("a comparison of jobs has no outcomes") {
    Comparison comparison = calls_of_90_ms();
    comparison.work = "fib:38";
    const std::string json = comparison_json(comparison);
    CHECK(json.find("outcomes") == std::string::npos);
    CHECK(json.find("refused") == std::string::npos);
}
