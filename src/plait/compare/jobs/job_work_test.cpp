#include "plait/compare/jobs/job_work.hpp"

#include "plait/batch/method/methods.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::compare;

TEST_CASE("each method does all jobs") {
    const JobWork work(Job::parse("fib:15"), 7);
    for (const batch::MethodEntry& method : batch::methods) {
        CAPTURE(method.name);
        const Measurement measured = work.measure(Way("plait", std::string(method.name), method.scheduling, 2), "");
        CHECK(measured.done == 7);
        CHECK(measured.answer == "610");
        CHECK(measured.wall > Duration::zero());
        CHECK(measured.in_calls > Duration::zero());
        CHECK(measured.p50.has_value());
        CHECK(measured.peak_bytes > 0);
    }
}
