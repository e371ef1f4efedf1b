#include "plait/compare/comparer.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::compare;
using namespace std::chrono_literals;

namespace {

Way way(const char* method, std::size_t concurrency = 1) {
    return Way("plait", method, batch::find_method(method)->scheduling, concurrency);
}

Task<void> wait_for_ever() { co_await sleep_for(1h); }

/// Takes as many milliseconds as its concurrency; some methods fail.
class MadeUpWork final : public Work {
  public:
    std::string name() const override { return "calls"; }
    std::size_t size() const noexcept override { return 3; }
    Measurement measure(const Way& asked, const std::string& trace_path) const override {
        if (asked.method == "threads") throw Error(ErrorCode::connect, "no way there");
        if (asked.method == "processes") ::_exit(7);
        if (asked.concurrency == 99) plait::run(wait_for_ever());
        ++times_;
        Measurement measured;
        measured.wall = std::chrono::milliseconds(asked.concurrency);
        measured.done = times_;  // 1 in each new process
        measured.trouble = trace_path;
        return measured;
    }

  private:
    mutable std::uint64_t times_ = 0;
};

}  // namespace

TEST_CASE("ways take turns, and each is measured in a new process") {
    const MadeUpWork work;
    std::vector<std::string> begun;
    CompareOptions options;
    options.ways = {way("sync"), way("async", 5)};
    options.repetitions = 2;
    options.trace_folder = "folder";
    options.on_begin = [&begun](const Way& next, std::size_t number, std::size_t total) {
        begun.push_back(next.method + " " + std::to_string(number) + "/" + std::to_string(total));
    };
    Comparer comparer(work, std::move(options));
    plait::run(comparer.run());
    CHECK(begun == std::vector<std::string>{"sync 1/4", "async 2/4", "sync 3/4", "async 4/4"});
    const Comparison comparison = comparer.result();
    REQUIRE(comparison.rows.size() == 2);
    CHECK(comparison.rows[1].measured.wall == 5ms);
    CHECK(comparison.rows[1].measured.done == 1);
    CHECK(comparison.rows[1].measured.trouble == "folder/async.json");
    CHECK(comparison.calls == 3);
}

TEST_CASE("a way that can't be measured has no row, and the others keep theirs") {
    const MadeUpWork work;
    CompareOptions options;
    options.ways = {way("threads"), way("processes"), way("async", 5)};
    options.repetitions = 3;
    Comparer comparer(work, std::move(options));
    plait::run(comparer.run());
    CHECK(comparer.result().rows.size() == 1);
    REQUIRE(comparer.troubles().size() == 2);
    CHECK(comparer.troubles()[0] == "threads has no row: no way there");
    CHECK(comparer.troubles()[1].starts_with("processes has no row: worker process"));
}

TEST_CASE("finished measurements are kept when the rest is cancelled") {
    const MadeUpWork work;
    CompareOptions options;
    options.ways = {way("async", 5), way("async", 99)};
    CancelScope measuring;
    // Like Ctrl-C when the second measurement begins.
    options.on_begin = [&measuring](const Way& next, std::size_t, std::size_t) {
        if (next.concurrency == 99) measuring.cancel();
    };
    Comparer comparer(work, std::move(options));
    const auto run_in = [](CancelScope& scope, Comparer& of) -> Task<bool> { co_return co_await scope.run(of.run()); };
    const bool finished = plait::run(run_in(measuring, comparer));
    CHECK_FALSE(finished);
    CHECK(comparer.result().rows.size() == 1);
}

TEST_CASE("a trace is named after its method, and after its concurrency if the method has several") {
    const std::vector<Way> ways{way("sync"), way("async", 5), way("async", 20)};
    CHECK(trace_name(ways[0], ways) == "sync.json");
    CHECK(trace_name(ways[2], ways) == "async-20.json");
}
