#include "plait/workers/internal/result_board.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstring>

using namespace plait;
using namespace plait::internal;
using namespace std::chrono_literals;

namespace {

/// Both ends of one board.
struct Boards {
    Boards() : Boards(ResultBoard::make()) {}
    explicit Boards(ResultBoard::Made made)
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

TEST_CASE("the program sees the worker's progress on the board") {
    Boards boards;
    CHECK_FALSE(boards.program.progress().any_begun());
    CHECK(boards.worker.begin_item(TimePoint(5s)));
    CHECK(boards.program.progress().done == 0);
    CHECK(boards.program.progress().runs_one);
    CHECK(boards.program.progress().begun_at == TimePoint(5s));
    CHECK(boards.worker.end_item());
    CHECK(boards.program.progress().done == 1);
    CHECK_FALSE(boards.program.progress().runs_one);
    boards.program.reset();
    CHECK_FALSE(boards.program.progress().any_begun());
}

TEST_CASE("outcomes are on the board in the order of the items") {
    Boards boards;
    CHECK(do_item(boards.worker, "one"));
    CHECK(do_item(boards.worker, "three"));
    const std::string both = boards.program.outcomes(2);
    CHECK(both.size() == 2 * sizeof(OutcomeHead) + 8);
    CHECK(both.ends_with("three"));
    CHECK(boards.program.outcomes(1).ends_with("one"));
    CHECK(boards.program.outcomes(0).empty());
    boards.program.reset();
    CHECK(do_item(boards.worker, "two"));
    CHECK(boards.program.outcomes(1).ends_with("two"));
}

TEST_CASE("a worker that is stopped in an item does not end it") {
    Boards boards;
    CHECK(boards.worker.begin_item(TimePoint(1s)));
    CHECK(boards.program.stop_at(boards.program.progress()));
    CHECK_FALSE(boards.worker.end_item());
    CHECK(boards.program.progress().done == 0);
    CHECK(boards.program.progress().runs_one);
}

TEST_CASE("a worker that is stopped between two items does not begin the next") {
    Boards boards;
    CHECK(do_item(boards.worker, "one"));
    CHECK(boards.program.stop_at(boards.program.progress()));
    CHECK_FALSE(boards.worker.begin_item(TimePoint(1s)));
    CHECK(boards.program.progress().done == 1);
    CHECK_FALSE(boards.program.progress().runs_one);
}

TEST_CASE("a worker that has moved on is not stopped") {
    Boards boards;
    CHECK(boards.worker.begin_item(TimePoint(1s)));
    const Progress seen = boards.program.progress();
    CHECK(boards.worker.end_item());
    CHECK_FALSE(boards.program.stop_at(seen));
    CHECK(boards.worker.begin_item(TimePoint(1s)));
}

TEST_CASE("an outcome that does not fit on the board is not written") {
    Boards boards;
    const std::string large(200 * 1024, 'x');
    const OutcomeHead head{OutcomeHead::Kind::result, ErrorCode::storage, large.size()};
    CHECK(boards.worker.begin_item(TimePoint(1s)));
    CHECK(boards.worker.write(head, large));
    CHECK_FALSE(boards.worker.write(head, large));
}

TEST_CASE("a board that a job has overwritten is an error and is read within its bounds") {
    Boards boards;
    CHECK(do_item(boards.worker, "one"));
    const Mapping vandal(boards.file, 4096, Mapping::Access::write_shared);
    std::memset(vandal.begin() + 16, 0x7f, 4096 - 16);
    CHECK_THROWS_WITH_AS(boards.program.outcomes(1),
                         "read the results of a worker process: a job has written over memory that is not its own",
                         Error);
    CHECK_THROWS_AS(boards.program.outcomes(1'000'000), Error);
}
