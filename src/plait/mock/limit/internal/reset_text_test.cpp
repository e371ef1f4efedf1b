#include "plait/mock/limit/internal/reset_text.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::mock;
using namespace plait::mock::internal;
using namespace std::chrono_literals;

namespace {

/// 784111777 s after 1970.
const std::chrono::sys_seconds example_second =
    std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;

std::string reset(Duration wait, ResetForm form, Rounding rounding) {
    return reset_text(wait, example_second, form, rounding);
}

}  // namespace

TEST_CASE("a reset is rounded as the dialect says") {
    CHECK(reset(7400ms, ResetForm::seconds, Rounding::up) == "8");
    CHECK(reset(7400ms, ResetForm::seconds, Rounding::down) == "7");
    CHECK(reset(7400ms, ResetForm::seconds, Rounding::nearest) == "7");
    CHECK(reset(7500ms, ResetForm::seconds, Rounding::nearest) == "8");
    CHECK(reset(7400ms, ResetForm::seconds, Rounding::exact) == "7.4");
    CHECK(reset(7s, ResetForm::seconds, Rounding::up) == "7");
    CHECK(reset(300ms, ResetForm::seconds, Rounding::down) == "0");
    CHECK(reset(-7400ms, ResetForm::seconds, Rounding::up) == "-7");
    CHECK(reset(-7400ms, ResetForm::seconds, Rounding::down) == "-8");
}

TEST_CASE("each form means the same time") {
    CHECK(reset(1500ms, ResetForm::ms, Rounding::up) == "1500");
    CHECK(reset(1500ms, ResetForm::duration, Rounding::up) == "1.5s");
    CHECK(reset(1500ms, ResetForm::epoch, Rounding::down) == "784111778");
    CHECK(reset(1500ms, ResetForm::epoch, Rounding::exact) == "784111778.5");
    CHECK(reset(1500ms, ResetForm::epoch_ms, Rounding::up) == "784111778500");
    CHECK(reset(1500ms, ResetForm::date, Rounding::up) == "Sun, 06 Nov 1994 08:49:39 GMT");
    CHECK(reset(1500ms, ResetForm::date, Rounding::down) == "Sun, 06 Nov 1994 08:49:38 GMT");
    CHECK(reset(1500ms, ResetForm::date_utc, Rounding::up) == "Sun, 06 Nov 1994 08:49:39 UTC");
    CHECK(reset(1500ms, ResetForm::iso, Rounding::up) == "1994-11-06T08:49:39Z");
    CHECK(reset(1400ms, ResetForm::iso_bare, Rounding::nearest) == "1994-11-06 08:49:38");
}

TEST_CASE("durations are rounded up, so that no client comes too early") {
    CHECK(duration_text(1ns) == "1ms");
    CHECK(duration_text(0ns) == "0s");
    CHECK(duration_text(120ms) == "120ms");
    CHECK(duration_text(1500ms) == "1.5s");
    CHECK(duration_text(59999ms + 1us) == "1m0s");
    CHECK(duration_text(3599s + 1ms) == "1h0m0s");
    CHECK(duration_text(25h + 61s) == "25h1m1s");
}
