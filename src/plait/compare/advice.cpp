#include "plait/compare/advice.hpp"

#include "plait/compare/jobs/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace plait::compare {

namespace {

constexpr double refused_share_that_matters = 0.01;
constexpr double times_as_slow = 2;
constexpr Duration slower_at_least = std::chrono::milliseconds(5);
constexpr double mostly_waiting = 0.5;
constexpr double busy = 0.8;
constexpr double good_enough = 0.9;

using Rows = std::vector<const Row*>;

std::string for_people(Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    if (seconds < 0.01) return fmt::format("{:.2f} ms", seconds * 1000);
    if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
    return seconds < 100 ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.0f} s", seconds);
}

std::string rate_for_people(const Row& row) {
    return row.per_second() < 100 ? fmt::format("{:.1f}", row.per_second()) : fmt::format("{:.0f}", row.per_second());
}

/// `async with 100 in flight`, `32 threads`, `sync`.
std::string spelled(const Way& way) {
    switch (way.scheduling) {
        case batch::Scheduling::nobody:
            return way.method;
        case batch::Scheduling::operating_system:
            return fmt::format("{} {}", way.concurrency, way.method);
        case batch::Scheduling::task:
            break;
    }
    return way.concurrency == 1 ? way.method : fmt::format("{} with {} in flight", way.method, way.concurrency);
}

Rows rows_by_plait(const Comparison& comparison) {
    Rows rows;
    for (const Row& row : comparison.rows) {
        if (!row.way.is_python()) rows.push_back(&row);
    }
    return rows;
}

const Row* row_of(const Rows& rows, batch::Scheduling scheduling) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const Row* row) { return row->way.scheduling == scheduling; });
    return found == rows.end() ? nullptr : *found;
}

const Row& fewest_in_flight(const Rows& rows) {
    return **std::min_element(rows.begin(), rows.end(), [](const Row* one, const Row* other) {
        return one->way.concurrency < other->way.concurrency;
    });
}

const Row& most_in_flight(const Rows& rows) {
    return **std::max_element(rows.begin(), rows.end(), [](const Row* one, const Row* other) {
        return one->way.concurrency < other->way.concurrency;
    });
}

bool is_refused(const Row& row) {
    return static_cast<double>(row.measured.refused) >=
           std::max(1.0, refused_share_that_matters * static_cast<double>(row.measured.done));
}

bool is_slowed_down(const Row& row, const Row& alone, std::size_t processors) {
    if (!row.measured.p50 || !alone.measured.p50 || row.busy_share(processors) >= busy) return false;
    const Duration now = *row.measured.p50;
    const Duration before = *alone.measured.p50;
    return now - before >= slower_at_least && now >= times_as_slow * before;
}

/// Rows of the method of `chosen`, with fewer or more in flight.
Rows of_same_method(const Rows& rows, const Row& chosen) {
    Rows same;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(same),
                 [&](const Row* row) { return row->way.method == chosen.way.method; });
    return same;
}

/// What a scan over several concurrencies shows about the chosen method; empty without a scan.
std::string knee_sentence(const Rows& rows, const Row& chosen) {
    const Rows scanned = of_same_method(rows, chosen);
    const Row& most = most_in_flight(scanned);
    if (scanned.size() < 2 || &most == &chosen) return {};
    return fmt::format(" {} in flight are enough: they reach {:.0f} % of the calls/s of {}.", chosen.way.concurrency,
                       100 * chosen.per_second() / most.per_second(), most.way.concurrency);
}

/// Such as `160 calls in 185 ms instead of 14.43 s`; the second time only if `sync` was measured, too.
std::string gain(const Comparison& comparison, const Row& chosen) {
    std::string text = fmt::format("{} {}{} in {}", comparison.calls, comparison.is_of_jobs() ? "job" : "call",
                                   comparison.calls == 1 ? "" : "s", for_people(chosen.measured.wall));
    const Row* const sync = comparison.sync_of(chosen);
    if (sync && sync != &chosen) text += fmt::format(" instead of {}", for_people(sync->measured.wall));
    return text;
}

Advice refused(const Rows& rows) {
    const Row& worst = **std::max_element(rows.begin(), rows.end(), [](const Row* one, const Row* other) {
        return one->measured.refused < other->measured.refused;
    });
    Advice advice;
    advice.bound = Bound::third_party;
    advice.text = fmt::format("The server sets the pace: it refused {} of {} calls of {} (429 or 503). ",
                              worst.measured.refused, worst.measured.done, spelled(worst.way));
    Rows not_refused;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(not_refused),
                 [](const Row* row) { return !is_refused(*row) && row->measured.done > 0; });
    const Row* const chosen = least_good_enough(not_refused);
    if (chosen) {
        advice.text +=
            fmt::format("Use {}: it was not refused, at {} calls/s, and no method can exceed the server's limit.",
                        spelled(chosen->way), rate_for_people(*chosen));
    } else {
        advice.text +=
            "It refuses calls of every method, so none is better: make fewer calls per second, or ask for a higher "
            "limit.";
    }
    return advice;
}

Advice slowed_down(const Rows& rows, const Row& slow, const Row& alone) {
    const Row& chosen = *least_good_enough(rows);
    Advice advice;
    advice.bound = Bound::third_party;
    advice.text = fmt::format(
        "The server, or the network, sets the pace: with {} in flight, the median call takes {} instead of {}, while "
        "this machine is idle. Use {}, at {} calls/s: more in flight would only wait longer.",
        slow.way.concurrency, for_people(*slow.measured.p50), for_people(*alone.measured.p50), spelled(chosen.way),
        rate_for_people(chosen));
    advice.text += knee_sentence(rows, chosen);
    return advice;
}

Advice calls_that_compute(const Comparison& comparison, const Row& chosen, const Row& alone) {
    Advice advice;
    advice.bound = Bound::cpu;
    advice.text = fmt::format(
        "These calls are CPU-bound: {:.0f} % of the time of a call is CPU time on this machine. Use {}: {}.",
        100 * (1 - *alone.waiting_share()), spelled(chosen.way), gain(comparison, chosen));
    return advice;
}

Advice limited_here(const Comparison& comparison, const Rows& rows, const Row& chosen) {
    Advice advice;
    advice.bound = Bound::this_machine;
    const bool one_worker = chosen.way.workers() == 1 && comparison.processors > 1;
    advice.text = fmt::format("This machine sets the pace: {} keeps {} {:.0f} % busy, at {} calls/s. ",
                              spelled(chosen.way), one_worker ? "its one processor" : "the processors",
                              100 * chosen.busy_share(comparison.processors), rate_for_people(chosen));
    advice.text += fmt::format("Use {}: {}. ", spelled(chosen.way), gain(comparison, chosen));
    advice.text += one_worker ? "Beyond that, only more processors help, with processes or threads."
                              : "More calls in flight would only wait for a processor.";
    advice.text += knee_sentence(rows, chosen);
    return advice;
}

Advice calls_that_wait(const Comparison& comparison, const Rows& rows, const Row& chosen, const Row& alone) {
    Advice advice;
    advice.bound = Bound::io;
    const double waiting = alone.waiting_share().value_or(1);
    advice.text = fmt::format("These calls are I/O-bound: each takes {}, of which {} is CPU time. ",
                              for_people(*alone.measured.p50),
                              for_people(std::chrono::duration_cast<Duration>((1 - waiting) * *alone.measured.p50)));
    switch (chosen.way.scheduling) {
        case batch::Scheduling::task:
            advice.text += fmt::format("Use {}: {}. One thread is enough, because it only waits.", spelled(chosen.way),
                                       gain(comparison, chosen));
            break;
        case batch::Scheduling::operating_system:
            advice.text += fmt::format("Use {}: {}, because the calls wait in parallel.", spelled(chosen.way),
                                       gain(comparison, chosen));
            break;
        case batch::Scheduling::nobody:
            advice.text += fmt::format("Use {}: {}. No other measured method is faster.", spelled(chosen.way),
                                       gain(comparison, chosen));
            break;
    }
    advice.text += knee_sentence(rows, chosen);
    return advice;
}

Advice advise_on_calls(const Comparison& comparison, const Rows& rows) {
    Rows answered;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(answered),
                 [](const Row* row) { return row->measured.p50.has_value(); });
    if (answered.empty()) {
        Advice advice;
        advice.text = "No call was answered, so there is nothing to compare: " + rows.front()->measured.trouble;
        return advice;
    }
    if (std::any_of(answered.begin(), answered.end(), [](const Row* row) { return is_refused(*row); })) {
        return refused(answered);
    }
    const Row& alone = fewest_in_flight(answered);
    const Row& crowded = most_in_flight(answered);
    const Row& chosen = *least_good_enough(answered);
    if (alone.waiting_share().value_or(1) < mostly_waiting) return calls_that_compute(comparison, chosen, alone);
    if (is_slowed_down(crowded, alone, comparison.processors)) return slowed_down(answered, crowded, alone);
    if (chosen.busy_share(comparison.processors) >= busy) return limited_here(comparison, answered, chosen);
    return calls_that_wait(comparison, answered, chosen, alone);
}

std::string times(std::optional<double> speed_up) {
    return speed_up ? fmt::format(" ({:.2f} times sync)", *speed_up) : std::string();
}

/// Whether Python's threads can compute at the same time. Its interpreter was asked if it has rows.
std::string lock_sentence(const Comparison& comparison) {
    if (!comparison.python_has_lock.value_or(true)) {
        return " This Python runs without its interpreter lock, so its threads compute at the same time, as those of "
               "C++ do.";
    }
    const std::string_view exception = comparison.python_has_lock ? "" : ", unless it is a free-threaded build";
    const bool keeps_lock = Job::parse(comparison.work).kind().keeps_python_lock;
    return (keeps_lock ? fmt::format(" Python's threads would not help either{}: its interpreter lock lets only one "
                                     "thread run at a time.",
                                     exception)
                       : " Python's threads help here only because its C library releases the interpreter lock while "
                         "it computes.") +
           std::string(" C++ threads have no such lock.");
}

/// What Python's own rows show, or would show if they had been measured.
std::string python_sentence(const Comparison& comparison, bool computes) {
    std::string text;
    for (const Row& row : comparison.rows) {
        const auto speed_up = comparison.speed_up(row);
        if (!row.way.is_python() || row.way.scheduling != batch::Scheduling::operating_system || !speed_up) continue;
        text += text.empty()
                    ? fmt::format(" Compared with Python's sync: {} is {:.2f} times as fast", row.way.method, *speed_up)
                    : fmt::format(", {} {:.2f} times", row.way.method, *speed_up);
    }
    if (!text.empty()) text += '.';
    if (!computes) return text;
    return lock_sentence(comparison) + text;
}

Advice advise_on_jobs(const Comparison& comparison, const Rows& rows) {
    const Row& alone = fewest_in_flight(rows);
    const Row* const async = row_of(rows, batch::Scheduling::task);
    // A loop whose tasks only compute works like sync: any difference in speed is noise.
    Rows candidates;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(candidates),
                 [&](const Row* row) { return rows.size() == 1 || row != async; });
    const Row& chosen = *least_good_enough(candidates);
    const bool computes = alone.waiting_share().value_or(1) < mostly_waiting;
    const std::string async_speed = async ? times(comparison.speed_up(*async)) : "";
    Advice advice;
    advice.bound = computes ? Bound::cpu : Bound::io;
    advice.text = fmt::format("{} {}, so it needs {}. ", comparison.work,
                              computes ? "is CPU-bound" : "blocks its thread while it waits",
                              computes ? "processors" : "threads or processes");
    if (&chosen != async) {
        advice.text += fmt::format("Use {}: {}{}", spelled(chosen.way), gain(comparison, chosen),
                                   times(comparison.speed_up(chosen)));
        advice.text +=
            computes ? fmt::format(" on {} processor{}. ", comparison.processors, comparison.processors == 1 ? "" : "s")
                     : "; more workers (--concurrency) would wait in parallel. ";
    }
    advice.text += fmt::format("async does not help{}: ", async_speed);
    advice.text += computes ? "its tasks share one thread, and a task that computes never yields to another."
                            : "a blocking sleep stops its only thread, and the whole loop with it. An awaited sleep "
                              "would let other tasks run.";
    if (computes && comparison.processors > 1 && candidates.size() > 1 && chosen.way.workers() == 1) {
        advice.text += fmt::format(
            " More workers gain nothing here: other programs use the {} processors, or the machine does not really "
            "have that many.",
            comparison.processors);
    }
    advice.text += python_sentence(comparison, computes);
    return advice;
}

}  // namespace

std::string_view to_string(Bound bound) noexcept {
    switch (bound) {
        case Bound::io:
            return "io";
        case Bound::cpu:
            return "cpu";
        case Bound::third_party:
            return "third_party";
        case Bound::this_machine:
            return "this_machine";
    }
    return {};
}

const Row* least_good_enough(const std::vector<const Row*>& rows) noexcept {
    double best = 0;
    for (const Row* row : rows) best = std::max(best, row->per_second());
    const Row* chosen = nullptr;
    const auto cost = [](const Row& row) { return std::tuple(row.way.workers(), row.way.concurrency); };
    for (const Row* row : rows) {
        if (row->per_second() < good_enough * best || row->measured.done == 0) continue;
        if (!chosen || cost(*row) < cost(*chosen)) chosen = row;
    }
    return chosen;
}

Advice advise(const Comparison& comparison) {
    const Rows rows = rows_by_plait(comparison);
    if (rows.empty()) return {};
    return comparison.is_of_jobs() ? advise_on_jobs(comparison, rows) : advise_on_calls(comparison, rows);
}

}  // namespace plait::compare
