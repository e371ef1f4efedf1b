#include "plait/compare/measure/measurement.hpp"

#include <algorithm>

namespace plait::compare {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

template <class Value>
Value middle(std::vector<Value> values) {
    std::sort(values.begin(), values.end());
    const auto above = values[values.size() / 2];
    const auto below = values[(values.size() - 1) / 2];
    return below + (above - below) / 2;
}

template <class Value>
Value median_of(const std::vector<Measurement>& runs, Value Measurement::*number) {
    std::vector<Value> values;
    for (const Measurement& run : runs) values.push_back(run.*number);
    return middle(std::move(values));
}

std::optional<Duration> median_of(const std::vector<Measurement>& runs, std::optional<Duration> Measurement::*number) {
    std::vector<Duration> values;
    for (const Measurement& run : runs) {
        if (run.*number) values.push_back(*(run.*number));
    }
    if (values.empty()) return std::nullopt;
    return middle(std::move(values));
}

std::uint64_t ok_of(const Measurement& run) { return run.outcomes[static_cast<std::size_t>(batch::Outcome::ok)]; }

}  // namespace

Measurement median(const std::vector<Measurement>& runs) {
    Measurement result = *std::min_element(
        runs.begin(), runs.end(), [](const auto& one, const auto& other) { return ok_of(one) < ok_of(other); });
    result.wall = median_of(runs, &Measurement::wall);
    result.cpu = median_of(runs, &Measurement::cpu);
    result.in_calls = median_of(runs, &Measurement::in_calls);
    result.ready = median_of(runs, &Measurement::ready);
    result.most_in_flight = median_of(runs, &Measurement::most_in_flight);
    result.processors = median_of(runs, &Measurement::processors);
    result.peak_bytes = median_of(runs, &Measurement::peak_bytes);
    result.p50 = median_of(runs, &Measurement::p50);
    result.p99 = median_of(runs, &Measurement::p99);
    return result;
}

double Row::per_second() const noexcept {
    return measured.wall > Duration::zero() ? static_cast<double>(measured.done) / seconds(measured.wall) : 0;
}

std::optional<double> Row::waiting_share() const noexcept {
    if (measured.in_calls <= Duration::zero()) return std::nullopt;
    return std::clamp(1 - seconds(measured.cpu + measured.ready) / seconds(measured.in_calls), 0.0, 1.0);
}

double Row::busy_processors() const noexcept {
    return measured.wall > Duration::zero() ? seconds(measured.cpu) / seconds(measured.wall) : 0;
}

double Row::busy_share(std::size_t processors) const noexcept {
    if (measured.wall <= Duration::zero()) return 0;
    const auto usable = static_cast<double>(std::min(processors, way.workers()));
    return std::min(1.0, seconds(measured.cpu) / (seconds(measured.wall) * usable));
}

const Row* Comparison::sync_of(const Row& row) const noexcept {
    const auto found = std::find_if(rows.begin(), rows.end(), [&row](const Row& other) {
        return other.way.by == row.way.by && other.way.scheduling == batch::Scheduling::nobody;
    });
    return found == rows.end() ? nullptr : &*found;
}

std::optional<double> Comparison::speed_up(const Row& row) const noexcept {
    const Row* sync = sync_of(row);
    if (!sync || sync->per_second() == 0) return std::nullopt;
    return row.per_second() / sync->per_second();
}

}  // namespace plait::compare
