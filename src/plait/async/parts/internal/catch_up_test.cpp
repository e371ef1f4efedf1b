#include "plait/async/parts/internal/catch_up.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace plait;
using plait::internal::CatchUp;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{100s};
constexpr TimePoint due = start + 1s;

CatchUp begun() {
    CatchUp catch_up;
    catch_up.begin(start);
    return catch_up;
}

/// A look at a timer that was due at `due`, in a loop with ready tasks.
CatchUp::Look busy(TimePoint now) { return {.now = now, .deadline = due, .has_ready = true}; }

/// The same in a loop whose tasks wait for threads.
CatchUp::Look waiting(TimePoint now) { return {.now = now, .deadline = due, .has_outside_work = true}; }

}  // namespace

TEST_CASE("a timer fires when it is due, and not before") {
    CatchUp catch_up = begun();
    CHECK_FALSE(catch_up.may_fire({.now = due}));
    CHECK_FALSE(catch_up.may_fire(busy(due - 1ns)));
    CHECK(catch_up.may_fire(busy(due)));
}

TEST_CASE("a timer of a loop that is a little late fires at once") {
    CatchUp catch_up = begun();
    CHECK(catch_up.may_fire(busy(due + CatchUp::late - 1ns)));
}

TEST_CASE("in a late loop, ready tasks run before a due timer fires") {
    CatchUp catch_up = begun();
    const TimePoint woken = due + 200ms;
    CHECK_FALSE(catch_up.may_fire(busy(woken)));
    CHECK(catch_up.until() == woken + 200ms);
    CHECK_FALSE(catch_up.may_fire(busy(woken + 100ms)));
    CHECK(catch_up.may_fire({.now = woken + 110ms, .deadline = due}));  // all have run
    CHECK_FALSE(catch_up.until());
}

TEST_CASE("ready tasks without end hold up timers for no longer than the loop is late, and for a second at most") {
    CatchUp catch_up = begun();
    CHECK_FALSE(catch_up.may_fire(busy(due + 200ms)));
    CHECK_FALSE(catch_up.may_fire(busy(due + 399ms)));
    CHECK(catch_up.may_fire(busy(due + 400ms)));

    catch_up = begun();
    CHECK_FALSE(catch_up.may_fire(busy(due + 1h)));
    CHECK(catch_up.until() == due + 1h + CatchUp::longest);
}

TEST_CASE("a loop that looked at its timers a moment ago is not late, however long a timer waited") {
    CatchUp catch_up = begun();
    CHECK_FALSE(catch_up.may_fire({.now = due + 1h}));  // there was no timer
    CHECK(catch_up.may_fire(busy(due + 1h + 10ms)));
}

TEST_CASE("a pause before the loop ran does not make it late") {
    CatchUp catch_up = begun();
    CHECK_FALSE(catch_up.may_fire(busy(due + 1h)));
    catch_up.begin(due + 2h);
    CHECK_FALSE(catch_up.until());
    CHECK(catch_up.may_fire(busy(due + 2h)));
}

TEST_CASE("threads that work for a late loop get a moment, until it has slept in vain") {
    CatchUp catch_up = begun();
    CHECK_FALSE(catch_up.may_fire(waiting(due + 200ms)));
    catch_up.slept(false);
    CHECK_FALSE(catch_up.may_fire(waiting(due + 210ms)));
    catch_up.slept(true);
    CHECK(catch_up.may_fire(waiting(due + 220ms)));
}

TEST_CASE("once the due timer is cancelled, there is nothing to catch up with") {
    CatchUp catch_up = begun();
    CHECK_FALSE(catch_up.may_fire(busy(due + 200ms)));
    CHECK_FALSE(catch_up.may_fire({.now = due + 210ms, .deadline = due + 1h}));
    CHECK_FALSE(catch_up.until());
}

TEST_CASE("the end of time is no reason to wait beyond it") {
    CatchUp catch_up = begun();
    CHECK_FALSE(catch_up.may_fire(busy(TimePoint::max() - 10ms)));
    CHECK(catch_up.until() == TimePoint::max());
}
