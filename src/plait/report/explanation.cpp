#include "plait/report/explanation.hpp"

#include "plait/base/text/words.hpp"
#include "plait/report/internal/words.hpp"
#include "plait/report/measures.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <utility>

namespace plait::report {

namespace {

using namespace internal;
using trace::Activity;

// From these shares of the calls' time on, an activity counts as the bottleneck.
constexpr double much_ready = 0.2;
constexpr double much_running = 0.5;
constexpr double much_queueing = 0.2;
constexpr double much_connecting = 0.3;
constexpr double much_back_off = 0.2;

/// With a smaller share than this of the permitted calls in flight, the limit of the run is not what calls wait for.
constexpr double few_slots = 0.7;

/// A loop that runs for this share of the time has little room for more calls.
constexpr double busy_loop = 0.7;

/// A call counts as unusually slow if it took `slow_tail` times the median, among at least `enough_calls` calls.
constexpr double slow_tail = 3;
constexpr std::uint64_t enough_calls = 10;

/// Two runs within this factor count as equally fast: measurements are no more exact than that.
constexpr double about_equal = 1.1;

bool has_lanes_of(const Timeline& timeline, std::string_view kind) {
    return std::any_of(timeline.lanes.begin(), timeline.lanes.end(),
                       [kind](const Lane& lane) { return lane.kind == kind; });
}

std::string all_of(const Timeline& timeline, const Measures& measures) {
    const std::string_view noun = noun_of(timeline);
    return measures.calls == 1 ? fmt::format("the {}", noun) : "the " + counted(measures.calls, noun);
}

/// Says what the calls spent their time on, as the end of a sentence.
std::string where_time_went(const Timeline& timeline, const Measures& measures) {
    const std::string who = all_of(timeline, measures);
    const double running = measures.share_of(Activity::running);
    const double ready = measures.share_of(Activity::ready);
    if (ready > measures.waiting && ready > running) {
        return fmt::format("{} spent {} of their time ready to run while others ran.", who, percent(ready));
    }
    if (measures.waiting >= running) {
        const std::string_view what =
            measures.share_of(measures.main_wait) > 0.9 * measures.waiting ? "almost all" : "most";
        return fmt::format("{} waited {} of their time, {} of it {}.", who, percent(measures.waiting), what,
                           purpose(measures.main_wait));
    }
    if (measures.waiting == 0 && ready == 0) return fmt::format("{} computed the whole time.", who);
    return fmt::format("{} computed {} of their time and waited {}.", who, percent(running), percent(measures.waiting));
}

std::string as_sentence(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string loop_words(const Measures& measures) {
    return measures.loop_ran ? fmt::format("the loop was busy {} of the time", percent(*measures.loop_ran)) : "";
}

/// If far fewer calls than the run permits were sent at a time, another limit held the rest back: says so. Empty: that
/// is not known.
std::string held_by_another_limit(const Timeline& timeline, const Measures& measures) {
    const double queueing = measures.share_of(Activity::permit) + measures.share_of(Activity::back_off);
    const double sent = measures.in_flight * (1 - queueing);
    if (sent >= few_slots * static_cast<double>(timeline.concurrency)) return "";
    return fmt::format(
        "They waited {} of their time for a permit, although only {:.1f} of {} were in flight on average: a limit of "
        "their group or origin held them back, such as a rate or --concurrency-per-origin, and a higher --concurrency "
        "would not help.",
        percent(measures.share_of(Activity::permit)), sent, timeline.concurrency);
}

/// Says what slowed the calls down, and so what would help; the first case that applies.
std::string what_would_help(const Timeline& timeline, const Measures& measures) {
    const auto share = [&measures](Activity activity) { return measures.share_of(activity); };
    const double connecting = share(Activity::dns) + share(Activity::connect) + share(Activity::tls);
    const bool has_loop = has_lanes_of(timeline, "loop");
    const bool is_loop_busy = measures.loop_ran.value_or(0) >= busy_loop;

    if (share(Activity::ready) >= much_ready) {
        return fmt::format(
            "For {} of their time they were ready while others ran: {} was the bottleneck, and more calls in flight "
            "would not help{}.",
            percent(share(Activity::ready)), has_loop ? "the loop" : "the processor",
            has_loop ? "; threads or processes would" : "");
    }
    if (share(Activity::running) >= much_running) {
        return has_loop ? "They are CPU-bound: one loop runs them one after another; threads or processes would spread "
                          "them over "
                          "the processors."
                        : "They are CPU-bound: more of them at a time than there are processors gains nothing.";
    }
    if (share(Activity::permit) + share(Activity::worker) >= much_queueing) {
        const bool is_worker = share(Activity::worker) > share(Activity::permit);
        if (is_loop_busy) {
            return fmt::format(
                "They waited {} of their time for {}, but {}: a higher --concurrency would not help; --method threads "
                "or processes might.",
                percent(share(Activity::permit) + share(Activity::worker)), is_worker ? "a worker" : "a permit",
                loop_words(measures));
        }
        const std::string other = is_worker ? "" : held_by_another_limit(timeline, measures);
        if (!other.empty()) return other;
        return fmt::format("They waited {} of their time for {}{}: a higher --concurrency would help.",
                           percent(share(Activity::permit) + share(Activity::worker)),
                           is_worker ? "a worker" : "a permit",
                           measures.loop_ran ? " while " + loop_words(measures) : "");
    }
    if (share(Activity::back_off) >= much_back_off) {
        return fmt::format("{} of it was back-off: the server asks for fewer calls at a time.",
                           percent(share(Activity::back_off)));
    }
    if (connecting >= much_connecting) {
        return fmt::format(
            "They spent {} of their time connecting: a server that keeps connections open, or fewer calls in flight "
            "that reuse them, would save it.",
            percent(connecting));
    }
    if (is_loop_busy) {
        return fmt::format("But {}: one loop can do little more.", loop_words(measures));
    }
    if (has_lanes_of(timeline, "caller") && measures.calls > 1) {
        return "They were made one after another, so the waits add up; with --method async they would overlap.";
    }
    if (measures.loop_ran) {
        return fmt::format("With {:.0f} in flight, {}, so it could handle more of them (--concurrency).",
                           std::max(1.0, measures.in_flight), loop_words(measures));
    }
    if (measures.calls > 1 && measures.in_flight > 1.05) {
        return fmt::format("On average {:.1f} were in flight, so their waits overlapped.", measures.in_flight);
    }
    return {};
}

/// Says what is unknown because it was not recorded.
std::string what_is_not_told(const Timeline& timeline) {
    if (!has_lanes_of(timeline, "unknown")) return {};
    return "Results show only what the calls waited for; a trace (plait run --trace) also shows when they ran.";
}

std::string slow_tail_of(const Timeline& timeline, const Measures& measures) {
    if (measures.calls < enough_calls || measures.p50 <= Duration::zero()) return {};
    const double times = static_cast<double>(measures.longest.count()) / static_cast<double>(measures.p50.count());
    if (times < slow_tail) return {};
    const Span& span = timeline.spans[slowest(timeline, 1).front()];
    const Activity activity = main_activity(span).first;
    std::string activity_scope;
    if (activity == Activity::running) {
        activity_scope = "it ran";
    } else if (activity == Activity::ready) {
        activity_scope = "it was ready while others ran";
    } else {
        activity_scope = fmt::format("it waited {}", purpose(activity));
    }
    constexpr std::size_t name_columns = 40;
    return fmt::format("The slowest, {}, took {}, {} times the median ({}): most of the time {}.",
                       fitted(span.name, name_columns, false), in_words(span.length, 3), ratio(times),
                       in_words(measures.p50, 3), activity_scope);
}

void add(std::string& text, const std::string& sentence) {
    if (sentence.empty()) return;
    if (!text.empty()) text += ' ';
    text += sentence;
}

std::string explain_one(const Timeline& timeline) {
    const Measures measures = measure(timeline);
    if (measures.calls == 0) return "No call was made.";
    std::string text = as_sentence(where_time_went(timeline, measures));
    add(text, what_would_help(timeline, measures));
    add(text, slow_tail_of(timeline, measures));
    add(text, what_is_not_told(timeline));
    return text;
}

/// The parts of comparison.json that are used here.
struct Comparison {
    std::string advice;
    std::map<std::pair<std::string, std::uint64_t>, double> seconds;  ///< by method and concurrency
};

/// Reads the parts that exist. A file of another kind gives an empty comparison.
Comparison read_comparison(std::string_view json) {
    Comparison comparison;
    simdjson::dom::parser parser;
    simdjson::dom::object root;
    if (json.empty() || parser.parse(json.data(), json.size()).get(root)) return comparison;
    constexpr std::size_t longest_advice = 2000;
    if (std::string_view advice; !root["advice"].get(advice)) comparison.advice = fitted(advice, longest_advice, false);
    simdjson::dom::array rows;
    if (root["rows"].get(rows)) return comparison;
    for (const simdjson::dom::element row : rows) {
        std::string_view by, method;
        std::uint64_t concurrency = 0;
        double seconds = 0;
        if (row["by"].get(by) || by != "plait" || row["method"].get(method)) continue;
        if (row["concurrency"].get(concurrency) || row["seconds"].get(seconds) || !(seconds > 0)) continue;
        comparison.seconds[{std::string(method), concurrency}] = seconds;
    }
    return comparison;
}

/// One of several runs of the same work.
struct Contender {
    std::string title;
    const Timeline* timeline;
    Measures measures;
    double seconds = 0;

    double speed() const { return static_cast<double>(measures.calls) / seconds; }
    std::string took() const {
        return in_words(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)), 3);
    }
};

/// Returns the runs that made calls. Their times are those of the comparison if it has all of them, so that its table
/// and the text agree: the start of processes, for example, counts in only one of the two.
std::vector<Contender> contenders_of(const std::vector<Timeline>& timelines, const Comparison& comparison) {
    const std::vector<std::string> titles = titles_of(timelines);
    std::vector<Contender> contenders;
    bool are_all_known = true;
    for (std::size_t i = 0; i < timelines.size(); ++i) {
        const Timeline& timeline = timelines[i];
        const Measures measures = measure(timeline);
        if (measures.calls == 0 || timeline.length <= Duration::zero()) continue;
        const double seconds = std::chrono::duration<double>(timeline.length).count();
        contenders.push_back({titles[i], &timeline, measures, seconds});
        are_all_known = are_all_known && comparison.seconds.count({timeline.method, timeline.concurrency}) == 1;
    }
    if (!are_all_known) return contenders;
    for (Contender& one : contenders) {
        one.seconds = comparison.seconds.at({one.timeline->method, one.timeline->concurrency});
    }
    return contenders;
}

/// Says why `fast` was faster than `base`, with which all others are compared.
std::string why_faster(const Contender& fast, const Contender& base) {
    const bool computes = base.measures.share_of(Activity::running) >= much_running;
    if (computes) return "because it computes on several processors at once";
    if (fast.measures.in_flight > about_equal * base.measures.in_flight) {
        return fmt::format("because its {}s wait in parallel: {:.0f} in flight on average, against {:.0f}",
                           noun_of(*fast.timeline), fast.measures.in_flight, std::max(1.0, base.measures.in_flight));
    }
    if (fast.measures.p50 * about_equal < base.measures.p50) {
        return fmt::format("because each of its {}s took less time", noun_of(*fast.timeline));
    }
    return "with as many calls in flight";
}

std::string speed_up(const Contender& one, const Contender& base) {
    const double times = one.speed() / base.speed();
    if (times >= about_equal) return fmt::format("{} times as fast as {}", ratio(times), base.title);
    if (times * about_equal > 1) return fmt::format("about as fast as {}", base.title);
    return fmt::format("{} times as slow as {}", ratio(1 / times), base.title);
}

std::string explain_best(const Contender& best, const Contender& base) {
    if (best.speed() >= about_equal * base.speed()) {
        return fmt::format("{} was {} ({} against {}), {}.", best.title, speed_up(best, base), best.took(), base.took(),
                           why_faster(best, base));
    }
    const bool computes = base.measures.share_of(Activity::running) >= much_running;
    return fmt::format("{} was {}: {}.", best.title, speed_up(best, base),
                       computes
                           ? fmt::format("the {}s compute, and no second processor was free", noun_of(*base.timeline))
                           : "more calls in flight gained nothing");
}

std::string explain_several(const std::vector<Timeline>& timelines, const Comparison& comparison) {
    std::vector<Contender> contenders = contenders_of(timelines, comparison);
    if (contenders.empty()) return "No call was made.";
    if (contenders.size() == 1) return explain_one(*contenders.front().timeline);
    std::stable_sort(contenders.begin(), contenders.end(),
                     [](const Contender& a, const Contender& b) { return a.speed() > b.speed(); });
    auto found = std::find_if(contenders.begin(), contenders.end(),
                              [](const Contender& one) { return one.timeline->method == "sync"; });
    if (found == contenders.end()) found = std::prev(contenders.end());
    const Contender base = *found;
    contenders.erase(found);

    std::string text = explain_best(contenders.front(), base);
    std::string rest;
    for (std::size_t i = 1; i < contenders.size(); ++i) {
        rest += fmt::format("{}{} {}{}", rest.empty() ? "" : ", ", contenders[i].title, rest.empty() ? "was " : "",
                            speed_up(contenders[i], base));
    }
    if (!rest.empty()) add(text, rest + ".");
    add(text, fmt::format("With {}, {}", base.title, where_time_went(*base.timeline, base.measures)));
    return text;
}

}  // namespace

std::string explanation(const std::vector<Timeline>& timelines, std::string_view comparison_json) {
    const Comparison comparison = read_comparison(comparison_json);
    std::string text = comparison.advice;
    if (timelines.size() == 1) {
        add(text, explain_one(timelines.front()));
    } else if (!timelines.empty()) {
        add(text, explain_several(timelines, comparison));
    }
    return text;
}

}  // namespace plait::report
