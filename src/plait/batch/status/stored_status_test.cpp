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

TEST_CASE("the results of a run that did not end are counted, as its report is older") {
    const TestFolder folder;
    const std::string results = folder.write("r.jsonl", R"({"custom_id":"a","line":1,"outcome":"ok","x":1}
{"custom_id":"b","line":2,"outcome":"ok","page":1,"page_count":2,"x":1}
{"custom_id":"b#2","line":2,"outcome":"rejected","page":2,"page_count":2,"x":1}
{"custom_id":"c","line":3,"outc)");
    Journal journal(state_path(results), false);
    journal.begin({}, "in.jsonl");
    RunReport report;
    report.total = 300;
    journal.set_status(to_json(report));
    const RunReport counted = parse_run_report(read_stored_status(results).json);
    CHECK(counted.done == 2);
    CHECK(counted.count(Outcome::ok) == 1);
    CHECK(counted.count(Outcome::rejected) == 1);
    CHECK(counted.total == 300);

    report.has_ended = true;
    journal.set_status(to_json(report));
    CHECK(parse_run_report(read_stored_status(results).json).done == 0);
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
