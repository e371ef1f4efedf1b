#include "plait/workers/internal/result_board.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstring>

using namespace plait;
using namespace plait::internal;
using namespace std::chrono_literals;

namespace {

/// Both ends of one slate.
struct Slates {
    Slates() : Slates(ResultBoard::make()) {}
    explicit Slates(ResultBoard::Made made)
        : program(std::move(made.result_board)), worker(made.file), file(std::move(made.file)) {}

    ResultBoard program;
    ResultBoard worker;
    UniqueFd file;
};

bool do_item(ResultBoard& worker, std::string_view result) {
    return worker.begin_item(TimePoint(1s)) &&
           worker.write({OutcomeHead::Kind::result, ErrorCode::storage, result.size()}, result) && worker.end_item();
}

}  // namespace

TEST_CASE("the program sees on the result_board how far the worker is") {
    Slates slates;
    CHECK_FALSE(slates.program.progress().any_begun());
    CHECK(slates.worker.begin_item(TimePoint(5s)));
    CHECK(slates.program.progress().done == 0);
    CHECK(slates.program.progress().runs_one);
    CHECK(slates.program.progress().begun_at == TimePoint(5s));
    CHECK(slates.worker.end_item());
    CHECK(slates.program.progress().done == 1);
    CHECK_FALSE(slates.program.progress().runs_one);
    slates.program.wipe();
    CHECK_FALSE(slates.program.progress().any_begun());
}

TEST_CASE("what the items gave is on the result_board one after another") {
    Slates slates;
    CHECK(do_item(slates.worker, "one"));
    CHECK(do_item(slates.worker, "three"));
    const std::string both = slates.program.outcomes(2);
    CHECK(both.size() == 2 * sizeof(OutcomeHead) + 8);
    CHECK(both.ends_with("three"));
    CHECK(slates.program.outcomes(1).ends_with("one"));
    CHECK(slates.program.outcomes(0).empty());
    slates.program.wipe();
    CHECK(do_item(slates.worker, "two"));
    CHECK(slates.program.outcomes(1).ends_with("two"));
}

TEST_CASE("a worker that was told to stop in an item does not end it") {
    Slates slates;
    CHECK(slates.worker.begin_item(TimePoint(1s)));
    CHECK(slates.program.stop_at(slates.program.progress()));
    CHECK_FALSE(slates.worker.end_item());
    CHECK(slates.program.progress().done == 0);
    CHECK(slates.program.progress().runs_one);
}

TEST_CASE("a worker that was told to stop between two items does not begin the next") {
    Slates slates;
    CHECK(do_item(slates.worker, "one"));
    CHECK(slates.program.stop_at(slates.program.progress()));
    CHECK_FALSE(slates.worker.begin_item(TimePoint(1s)));
    CHECK(slates.program.progress().done == 1);
    CHECK_FALSE(slates.program.progress().runs_one);
}

TEST_CASE("a worker is not stopped where it no longer is") {
    Slates slates;
    CHECK(slates.worker.begin_item(TimePoint(1s)));
    const Progress seen = slates.program.progress();
    CHECK(slates.worker.end_item());
    CHECK_FALSE(slates.program.stop_at(seen));
    CHECK(slates.worker.begin_item(TimePoint(1s)));
}

TEST_CASE("what does not fit on the result_board is not written") {
    Slates slates;
    const std::string large(200 * 1024, 'x');
    const OutcomeHead head{OutcomeHead::Kind::result, ErrorCode::storage, large.size()};
    CHECK(slates.worker.begin_item(TimePoint(1s)));
    CHECK(slates.worker.write(head, large));
    CHECK_FALSE(slates.worker.write(head, large));
}

TEST_CASE("a result_board that a job has written over is an error and read no further than it goes") {
    Slates slates;
    CHECK(do_item(slates.worker, "one"));
    const Mapping vandal(slates.file, 4096, Mapping::Access::write_shared);
    std::memset(vandal.begin() + 16, 0x7f, 4096 - 16);
    CHECK_THROWS_WITH_AS(slates.program.outcomes(1),
                         "read the results of a worker process: a job has written over memory that is not its own",
                         Error);
    CHECK_THROWS_AS(slates.program.outcomes(1'000'000), Error);
}
