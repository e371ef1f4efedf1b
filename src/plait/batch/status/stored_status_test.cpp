#include "plait/batch/status/stored_status.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/resume/journal.hpp"
#include "plait/batch/resume/run_files.hpp"
#include "plait/batch/testing/test_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::TestFolder;

TEST_CASE("the status comes from the state file, and whether the run is running from the lock") {
    const TestFolder folder;
    const std::string results = folder.write("r.jsonl", "");
    UniqueFd run(::open(results.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(run.get(), LOCK_EX | LOCK_NB) == 0);
    Journal journal(state_path(results), false);
    journal.begin({}, "in.jsonl");
    CHECK_THROWS_AS(read_stored_status(results), Error);
    journal.set_status(to_json(RunReport()));
    CHECK(read_stored_status(results).json == to_json(RunReport()));
    CHECK(read_stored_status(results).liveness == Liveness::running);
    run.reset();
    CHECK(read_stored_status(results).liveness == Liveness::ended);
}

TEST_CASE("results without a state file have no status, and the message says which file to give") {
    const TestFolder folder;
    const std::string results = folder.write("r.jsonl", "");
    std::string message;
    try {
        read_stored_status(results);
    } catch (const Error& error) {
        message = error.what();
    }
    CHECK(message ==
          results + " has no " + results + ".plait beside it: give the results file of a run (plait run -o)");
}
