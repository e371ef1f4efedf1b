#include "plait/compare/advice.hpp"

#include "plait/compare/measure/internal/made_up_rows.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::compare;
using namespace plait::compare::internal;

namespace {

bool says(const Advice& advice, const std::string& words) { return advice.text.find(words) != std::string::npos; }

/// A job that takes 150 ms, twenty times.
Comparison jobs(const std::string& work, Duration cpu_of_all) {
    Comparison comparison;
    comparison.work = work;
    comparison.calls = 20;
    comparison.processors = 2;
    const milliseconds one(150);
    const auto add = [&](const char* method, batch::Scheduling scheduling, std::size_t workers, Duration wall) {
        comparison.rows.push_back(row(method, scheduling, workers, wall, one, cpu_of_all, 20));
    };
    add("sync", batch::Scheduling::nobody, 1, 20 * one);
    add("threads", batch::Scheduling::operating_system, 2, 10 * one);
    add("async", batch::Scheduling::task, 1, 20 * one);
    add("processes", batch::Scheduling::operating_system, 2, 10 * one);
    return comparison;
}

}  // namespace

TEST_CASE("calls that wait are I/O-bound, and async is advised") {
    const Advice advice = advise(calls_of_90_ms());
    CHECK(advice.bound == Bound::io);
    CHECK(says(advice, "These calls are I/O-bound: each takes 90 ms, of which"));
    CHECK(says(advice, "Use async with 100 in flight: 160 calls in 185 ms instead of 14.43 s"));
}

TEST_CASE("a single call is described in the singular") {
    Comparison comparison = calls_of_90_ms();
    comparison.calls = 1;
    CHECK(says(advise(comparison), ": 1 call in 185 ms"));
}

TEST_CASE("calls are CPU-bound when less than half of their time is waiting") {
    Comparison comparison = calls_of_90_ms();
    Row& sync = comparison.rows.front();
    sync.measured.cpu = sync.measured.in_calls / 2;
    CHECK(advise(comparison).bound == Bound::io);
    sync.measured.cpu += milliseconds(1);
    const Advice advice = advise(comparison);
    CHECK(advice.bound == Bound::cpu);
    CHECK(says(advice, "50 % of the time of a call is CPU time"));
}

TEST_CASE("one refusal in a hundred calls makes the third party the bottleneck") {
    Comparison comparison = calls_of_90_ms();
    refuse(comparison.rows[2], 1);
    CHECK(advise(comparison).bound == Bound::io);
    refuse(comparison.rows[2], 1);
    const Advice advice = advise(comparison);
    CHECK(advice.bound == Bound::third_party);
    CHECK(says(advice, "refused 2 of 160 calls of async with 100 in flight (429 or 503)"));
    CHECK(says(advice, "Use 32 threads: it was not refused"));
}

TEST_CASE("no method is advised when all are refused") {
    Comparison comparison = calls_of_90_ms();
    for (Row& each : comparison.rows) refuse(each, 160);
    const Advice advice = advise(comparison);
    CHECK(advice.bound == Bound::third_party);
    CHECK(says(advice, "It refuses calls of every method"));
}

TEST_CASE("the third party is the bottleneck when calls take twice as long with many in flight") {
    Comparison comparison = calls_of_90_ms();
    Measurement& crowded = comparison.rows[2].measured;
    crowded.p50 = milliseconds(179);
    CHECK(advise(comparison).bound == Bound::io);
    crowded.p50 = milliseconds(180);
    const Advice advice = advise(comparison);
    CHECK(advice.bound == Bound::third_party);
    CHECK(says(advice, "with 100 in flight, the median call takes 180 ms instead of 90 ms"));
}

TEST_CASE("a few more milliseconds do not make a bottleneck") {
    Comparison comparison = calls_of_90_ms();
    comparison.rows[0].measured.p50 = milliseconds(1);
    comparison.rows[2].measured.p50 = Duration(milliseconds(6)) - Duration(1);
    CHECK(advise(comparison).bound == Bound::io);
    comparison.rows[2].measured.p50 = milliseconds(6);
    CHECK(advise(comparison).bound == Bound::third_party);
}

TEST_CASE("a loop that fills its processor makes this machine the bottleneck") {
    Comparison comparison = calls_of_90_ms();
    Measurement& async = comparison.rows[2].measured;
    async.cpu = milliseconds(147);
    CHECK(advise(comparison).bound == Bound::io);
    async.cpu = milliseconds(149);  // 80 % of 185 ms are 148
    async.p50 = milliseconds(300);  // calls that wait for the loop, and not for the third party
    const Advice advice = advise(comparison);
    CHECK(advice.bound == Bound::this_machine);
    CHECK(says(advice, "async with 100 in flight keeps its one processor 81 % busy"));
}

TEST_CASE("threads that fill all processors make this machine the bottleneck") {
    Comparison comparison = calls_of_90_ms();
    comparison.rows.erase(comparison.rows.begin() + 2);
    Measurement& threads = comparison.rows[1].measured;
    threads.cpu = milliseconds(470);
    CHECK(advise(comparison).bound == Bound::io);
    threads.cpu = milliseconds(2 * 470 * 8 / 10);
    CHECK(advise(comparison).bound == Bound::this_machine);
}

TEST_CASE("the smallest way that reaches nine tenths of the best throughput is advised") {
    Comparison comparison = calls_of_90_ms();
    comparison.rows.push_back(async_row(20, milliseconds(720), milliseconds(90), milliseconds(30)));
    comparison.rows.push_back(async_row(50, milliseconds(200), milliseconds(90), milliseconds(30)));
    const Advice advice = advise(comparison);
    CHECK(says(advice, "Use async with 50 in flight"));
    CHECK(says(advice, "50 in flight are enough: they reach 92 % of the calls/s of 100."));

    comparison.rows.back().measured.wall = milliseconds(206);  // 89.8 %
    CHECK(says(advise(comparison), "Use async with 100 in flight"));
}

TEST_CASE("one worker is preferred to many that are equally fast") {
    Comparison comparison = calls_of_90_ms();
    comparison.rows[1].measured.wall = milliseconds(180);
    CHECK(says(advise(comparison), "Use async"));
    comparison.rows[0].measured.wall = milliseconds(190);
    CHECK(says(advise(comparison), "Use sync: 160 calls in 190 ms. No other measured method is faster"));
}

TEST_CASE("without any answer nothing is advised, and the reason is given") {
    Comparison comparison = calls_of_90_ms();
    for (Row& each : comparison.rows) {
        each.measured.p50.reset();
        each.measured.trouble = "connect a.example:443: refused";
    }
    const Advice advice = advise(comparison);
    CHECK_FALSE(advice.bound);
    CHECK(says(advice, "No call was answered, so there is nothing to compare: connect a.example:443: refused"));
}

TEST_CASE("for CPU-bound jobs processors are advised, with the reason why async and Python's threads do not help") {
    const Advice advice = advise(jobs("fib:38", milliseconds(20 * 150)));
    CHECK(advice.bound == Bound::cpu);
    CHECK(says(advice, "Use 2 threads: 20 jobs in 1.50 s instead of 3.00 s (2.00 times sync) on 2 processors."));
    CHECK(says(advice, "async does not help (1.00 times sync)"));
    CHECK(says(advice,
               "Python's threads would not help either, unless it is a free-threaded build: its interpreter lock"));
}

TEST_CASE("a Python without the interpreter lock is recognised") {
    Comparison comparison = jobs("fib:38", milliseconds(20 * 150));
    comparison.python_has_lock = false;
    const Advice advice = advise(comparison);
    CHECK(says(advice, "This Python runs without its interpreter lock, so its threads compute at the same time"));
    CHECK_FALSE(says(advice, "would not help"));
}

TEST_CASE("a loop is never advised for CPU-bound jobs, and busy processors are mentioned") {
    Comparison comparison = jobs("fib:27", milliseconds(20 * 150));
    for (Row& each : comparison.rows) each.measured.wall = milliseconds(3'000);
    comparison.rows[2].measured.wall = milliseconds(2'500);
    const Advice advice = advise(comparison);
    CHECK(says(advice, "Use sync: 20 jobs in 3.00 s"));
    CHECK(says(advice, "More workers gain nothing here: other programs use the 2 processors"));
    CHECK_FALSE(says(advise(jobs("fib:27", milliseconds(20 * 150))), "More workers gain nothing"));
}

TEST_CASE("a loop is not advised for CPU-bound jobs even if nothing else was measured") {
    Comparison comparison = jobs("fib:27", milliseconds(20 * 150));
    comparison.rows.erase(comparison.rows.begin() + 3);
    comparison.rows.erase(comparison.rows.begin(), comparison.rows.begin() + 2);
    const Advice advice = advise(comparison);
    CHECK(says(advice, "so it needs processors. async does not help: its tasks share one thread"));
    CHECK_FALSE(says(advice, "Use "));
}

TEST_CASE("Python's threads help where its library releases the interpreter lock") {
    const Advice advice = advise(jobs("sha256:64MiB", milliseconds(20 * 150)));
    CHECK(says(advice, "Python's threads help here only because its C library releases the interpreter lock"));
}

TEST_CASE("a job that blocks is I/O-bound and stops the loop") {
    const Advice advice = advise(jobs("sleep:150ms", milliseconds(3)));
    CHECK(advice.bound == Bound::io);
    CHECK(says(advice, "stops its only thread, and the whole loop"));
    CHECK_FALSE(says(advice, "interpreter lock"));
}

TEST_CASE("the speed of Python's own rows is given with the reason") {
    Comparison comparison = jobs("fib:38", milliseconds(20 * 150));
    const auto add = [&](const char* method, batch::Scheduling scheduling, Duration wall) {
        Measurement measured = comparison.rows.front().measured;
        measured.wall = wall;
        comparison.rows.emplace_back(Way("python", method, scheduling, 2), measured);
    };
    add("sync", batch::Scheduling::nobody, milliseconds(100'000));
    add("threading", batch::Scheduling::operating_system, milliseconds(101'000));
    add("multiprocessing", batch::Scheduling::operating_system, milliseconds(51'000));
    comparison.python_has_lock = true;
    const Advice advice = advise(comparison);
    CHECK(says(advice, "Compared with Python's sync: threading is 0.99 times as fast, multiprocessing 1.96 times."));
    CHECK(says(advice, "Python's threads would not help either: its interpreter lock"));
    CHECK(says(advice, "Use 2 threads"));
}
