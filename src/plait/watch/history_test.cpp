#include "plait/watch/history.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

using namespace plait;
using namespace plait::watch;
using namespace std::chrono_literals;

namespace {

Sample sample_at(Duration time) {
    Sample sample;
    sample.at = time;
    sample.done = static_cast<std::uint64_t>(time / 1ms);
    return sample;
}

}  // namespace

TEST_CASE("a sample too soon after the last is left out, and one that is a little early is not") {
    History history;
    CHECK(history.add(sample_at(0ms)) == History::Change::added);
    CHECK(history.add(sample_at(200ms)) == History::Change::none);
    CHECK(history.add(sample_at(490ms)) == History::Change::added);
    CHECK(history.samples().size() == 2);
}

TEST_CASE("a run of days keeps a bounded number of samples, evenly spread over all of it") {
    History history;
    std::size_t thinnings = 0, most = 0;
    for (Duration time{}; time < 48h; time += 500ms) {
        if (history.add(sample_at(time)) == History::Change::thinned) ++thinnings;
        most = std::max(most, history.samples().size());
    }
    CHECK(thinnings == 10);
    CHECK(most < History::most_samples);
    const auto& samples = history.samples();
    CHECK(samples.size() > History::most_samples / 2 - 1);
    CHECK(samples.front().at == 0ms);
    CHECK(samples.back().at > 47h);
    const Duration step = samples[1].at - samples[0].at;
    for (std::size_t n = 1; n < samples.size(); ++n) CHECK(samples[n].at - samples[n - 1].at == step);
}

TEST_CASE("a sample has the limit of all groups that have calls") {
    batch::RunReport report;
    report.began = WallTime(1h);
    report.last_heard = WallTime(1h) + 1500ms;
    report.done = 10;
    report.count(batch::Outcome::ok) = 7;
    report.in_flight = 3;
    CHECK(to_json(Sample(report)) == "[1.500,10,3,3,null]");
    for (const std::uint64_t in_flight : {2, 0, 1}) {
        batch::GroupReport& group = report.groups.emplace_back("g");
        group.in_flight = in_flight;
        group.concurrency = 20;
        group.concurrency_is_adaptive = true;
    }
    CHECK(Sample(report).limit == 40);
    report.groups.front().concurrency_is_adaptive = false;
    CHECK(Sample(report).limit == 20);
}
