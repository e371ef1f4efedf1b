#include "plait/report/measures.hpp"

#include <algorithm>
#include <cmath>

namespace plait::report {

namespace {

using trace::Activity;

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

struct Weighted {
    Duration length;
    std::uint64_t weight;
};

/// Returns the least length that `share` of all lengths do not exceed. The lengths are sorted.
Duration quantile(const std::vector<Weighted>& lengths, std::uint64_t total, double share) {
    const double wanted = std::ceil(static_cast<double>(total) * share);
    double seen = 0;
    for (const Weighted& one : lengths) {
        seen += static_cast<double>(one.weight);
        if (seen >= wanted) return one.length;
    }
    return lengths.empty() ? Duration{} : lengths.back().length;
}

void measure_lengths(const Timeline& timeline, Measures& measures) {
    std::vector<Weighted> lengths;
    lengths.reserve(timeline.spans.size());
    for (const Span& span : timeline.spans) lengths.push_back({span.length, span.stands_for});
    std::sort(lengths.begin(), lengths.end(), [](const Weighted& a, const Weighted& b) { return a.length < b.length; });
    measures.p50 = quantile(lengths, measures.calls, 0.5);
    measures.p90 = quantile(lengths, measures.calls, 0.9);
    measures.p99 = quantile(lengths, measures.calls, 0.99);
    if (!lengths.empty()) measures.longest = lengths.back().length;
}

void measure_shares(const Timeline& timeline, Measures& measures) {
    double total = 0;
    for (const Span& span : timeline.spans) {
        for (const trace::Segment& segment : span.segments) {
            const double time = in_seconds(segment.length) * span.stands_for;
            measures.shares[static_cast<std::size_t>(segment.activity)] += time;
            total += time;
        }
    }
    if (timeline.length > Duration::zero()) measures.in_flight = total / in_seconds(timeline.length);
    if (total <= 0) return;
    for (std::size_t i = 0; i < trace::activity_count; ++i) {
        double& share = measures.shares[i];
        share /= total;
        const auto activity = static_cast<Activity>(i);
        if (!is_wait(activity)) continue;
        measures.waiting += share;
        if (share > measures.share_of(measures.main_wait)) measures.main_wait = activity;
    }
}

void measure_flight(const Timeline& timeline, Measures& measures) {
    struct Change {
        Duration when;
        std::int64_t by;
    };
    std::vector<Change> changes;
    changes.reserve(2 * timeline.spans.size());
    for (const Span& span : timeline.spans) {
        changes.push_back({span.begin, span.stands_for});
        changes.push_back({span.begin + span.length, -static_cast<std::int64_t>(span.stands_for)});
    }
    // A call that ends when another one begins does not overlap it.
    std::sort(changes.begin(), changes.end(),
              [](const Change& a, const Change& b) { return a.when != b.when ? a.when < b.when : a.by < b.by; });
    std::int64_t now = 0;
    std::int64_t most = 0;
    for (const Change& change : changes) most = std::max(most, now += change.by);
    measures.most_in_flight = static_cast<std::uint64_t>(most);
}

void measure_loops(const Timeline& timeline, Measures& measures) {
    const auto loops = std::count_if(timeline.lanes.begin(), timeline.lanes.end(),
                                     [](const Lane& lane) { return lane.kind == "loop"; });
    if (loops == 0 || timeline.length <= Duration::zero() || timeline.loop_runs.empty()) return;
    double ran = 0;
    for (const LoopRun& run : timeline.loop_runs) ran += in_seconds(run.length);
    measures.loop_ran = std::min(1.0, ran / in_seconds(timeline.length) / static_cast<double>(loops));
}

}  // namespace

bool is_wait(Activity activity) noexcept { return activity != Activity::running && activity != Activity::ready; }

Measures measure(const Timeline& timeline) {
    Measures measures;
    for (const Span& span : timeline.spans) {
        measures.calls += span.stands_for;
        if (!span.ok) measures.not_ok += span.stands_for;
    }
    if (timeline.length > Duration::zero()) {
        measures.calls_per_second = static_cast<double>(measures.calls) / in_seconds(timeline.length);
    }
    measure_lengths(timeline, measures);
    measure_shares(timeline, measures);
    measure_flight(timeline, measures);
    measure_loops(timeline, measures);
    return measures;
}

std::vector<std::size_t> slowest(const Timeline& timeline, std::size_t most) {
    std::vector<std::size_t> places(timeline.spans.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
    const std::size_t count = std::min(most, places.size());
    const auto is_slower = [&timeline](std::size_t a, std::size_t b) {
        const Span &one = timeline.spans[a], &other = timeline.spans[b];
        return one.length != other.length ? one.length > other.length : a < b;
    };
    std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(count), places.end(), is_slower);
    places.resize(count);
    return places;
}

std::pair<Activity, double> main_activity(const Span& span) {
    std::array<Duration, trace::activity_count> times{};
    for (const trace::Segment& segment : span.segments) {
        times[static_cast<std::size_t>(segment.activity)] += segment.length;
    }
    const auto most = std::max_element(times.begin(), times.end());
    const double share = span.length > Duration::zero() ? in_seconds(*most) / in_seconds(span.length) : 0;
    return {static_cast<Activity>(most - times.begin()), share};
}

}  // namespace plait::report
