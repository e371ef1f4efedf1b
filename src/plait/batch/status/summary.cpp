#include "plait/batch/status/summary.hpp"

#include "plait/base/text/words.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>
#include <vector>

namespace plait::batch {

namespace {

constexpr std::array<Outcome, outcome_count> outcomes{Outcome::ok, Outcome::rejected, Outcome::failed, Outcome::unknown,
                                                      Outcome::skipped};

struct Quantile {
    std::string_view name;
    double share;
};
constexpr std::size_t longest_message = 300;
constexpr std::array<Quantile, 4> quantiles{{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1}}};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

double rate(const Tally& tally, Duration elapsed) {
    return elapsed > Duration::zero() ? static_cast<double>(tally.done()) / seconds(elapsed) : 0;
}

std::string for_people(Duration duration) {
    const double milliseconds = seconds(duration) * 1000;
    if (milliseconds < 10) return fmt::format("{:.2f} ms", milliseconds);
    if (milliseconds < 1000) return fmt::format("{:.1f} ms", milliseconds);
    return fmt::format("{:.2f} s", milliseconds / 1000);
}

std::string bytes_for_people(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 4> units{"kB", "MB", "GB", "TB"};
    if (bytes < 1000) return fmt::format("{} bytes", bytes);
    double size = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    while (size >= 1000 && unit + 1 < units.size()) {
        size /= 1000;
        ++unit;
    }
    return fmt::format("{:.1f} {}", size, units[unit]);
}

std::string name_of(int status_code) { return fmt::to_string(status_code); }
std::string name_of(ErrorCode code) { return std::string(to_string(code)); }

template <class Counts>
std::string counts_for_people(const Counts& counts) {
    std::string text;
    for (const auto& [key, count] : counts)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name_of(key), count);
    return text;
}

template <class Counts>
std::string counts_as_json(const Counts& counts) {
    std::string text;
    for (const auto& [key, count] : counts)
        text += fmt::format("{}\"{}\":{}", text.empty() ? "" : ",", name_of(key), count);
    return "{" + text + "}";
}

std::string left_names_for_people(const InputNotes& notes) {
    constexpr std::size_t most_shown = 3;
    std::string names;
    for (const InputNotes::LeftName& left : notes.left_names() | std::views::take(most_shown))
        names += fmt::format("{}{{{{{}}}}}", names.empty() ? "" : ", ", printable(left.name));
    if (notes.left_names().size() > most_shown) names += ", ...";
    const std::uint64_t calls = notes.calls_with_left_names();
    return fmt::format("  names    {} {} sent {} as it stands: not permitted by --secret\n", calls,
                       calls == 1 ? "call" : "calls", names);
}

std::string left_names_as_json(const InputNotes& notes) {
    std::string text;
    for (const InputNotes::LeftName& left : notes.left_names()) {
        if (!text.empty()) text += ',';
        json::append_string(text, left.name);
        text += fmt::format(":{}", left.calls);
    }
    return fmt::format("{{\"calls\":{},\"names\":{{{}}}}}", notes.calls_with_left_names(), text);
}

std::string list_as_json(const std::vector<std::string>& sentences) {
    std::string text;
    for (const std::string& sentence : sentences) {
        if (!text.empty()) text += ',';
        json::append_string(text, sentence);
    }
    return fmt::format("[{}]", text);
}

}  // namespace

std::string summary_text(const Tally& tally, const CallerCounts& counts, Duration elapsed, const InputNotes& notes,
                         const RunRemarks& remarks) {
    const std::uint64_t before = tally.done_in_all() - tally.done();
    std::string text = fmt::format("{} {} in {}{}: ", tally.done(), tally.done() == 1 ? "call" : "calls",
                                   for_people(elapsed), before > 0 ? fmt::format(", {} earlier", before) : "");
    for (const Outcome outcome : outcomes) {
        if (outcome == Outcome::skipped && tally.count(outcome) == 0) continue;
        text += fmt::format("{}{} {}", outcome == Outcome::ok ? "" : ", ", tally.count(outcome), to_string(outcome));
    }
    text += '\n';
    if (!tally.status_codes().empty()) text += fmt::format("  status   {}\n", counts_for_people(tally.status_codes()));
    if (!tally.errors().empty()) text += fmt::format("  errors   {}\n", counts_for_people(tally.errors()));
    if (!remarks.first_bad_line.empty())
        text += fmt::format("  such as  {}\n", printable(remarks.first_bad_line, longest_message));
    if (counts.retries > 0)
        text += fmt::format("  retries  {}, {} after a refusal\n", counts.retries,
                            std::min(counts.refusals, counts.retries));
    if (counts.redirects > 0) text += fmt::format("  redirects {}\n", counts.redirects);
    if (counts.follow_ups > 0) text += fmt::format("  follow-ups {}\n", counts.follow_ups);
    if (notes.calls_with_left_names() > 0) text += left_names_for_people(notes);
    if (counts.copies > 0) text += fmt::format("  hedged   {}, {} won\n", counts.copies, counts.copies_won);
    text += fmt::format("  bytes    {} sent, {} received\n", bytes_for_people(tally.sent_bytes()),
                        bytes_for_people(tally.received_bytes()));
    text += fmt::format("  rate     {:.1f} calls/s\n", rate(tally, elapsed));
    if (tally.latencies().count() > 0) {
        text += "  latency ";
        for (const Quantile& quantile : quantiles) {
            text += fmt::format(" {} {}{}", quantile.name, for_people(tally.latencies().quantile(quantile.share)),
                                quantile.share < 1 ? "," : "\n");
        }
    }
    for (const std::string& warning : remarks.warnings)
        text += fmt::format("  warning  {}\n", printable(warning, longest_message));
    return text;
}

std::string summary_json(const Tally& tally, const CallerCounts& counts, Duration elapsed, const InputNotes& notes,
                         const RunRemarks& remarks) {
    std::string text = fmt::format("{{\"calls\":{},\"calls_before\":{},\"outcomes\":{{", tally.done(),
                                   tally.done_in_all() - tally.done());
    for (const Outcome outcome : outcomes) {
        text += fmt::format("{}\"{}\":{}", outcome == Outcome::ok ? "" : ",", to_string(outcome), tally.count(outcome));
    }
    text += fmt::format("}},\"status_codes\":{},\"errors\":{},\"sent_bytes\":{},\"received_bytes\":{}",
                        counts_as_json(tally.status_codes()), counts_as_json(tally.errors()), tally.sent_bytes(),
                        tally.received_bytes());
    text += fmt::format(
        ",\"retries\":{},\"refusals\":{},\"hedged\":{},\"hedges_won\":{},\"redirects\":{},\"follow_ups\":{}",
        counts.retries, counts.refusals, counts.copies, counts.copies_won, counts.redirects, counts.follow_ups);
    text += fmt::format(",\"names_not_permitted\":{},\"urls_joined_once\":{}", left_names_as_json(notes),
                        notes.urls_joined_once());
    text += fmt::format(",\"warnings\":{}", list_as_json(remarks.warnings));
    text += fmt::format(",\"seconds\":{:.3f},\"calls_per_second\":{:.1f},\"latency_ms\":{{", seconds(elapsed),
                        rate(tally, elapsed));
    for (const Quantile& quantile : quantiles) {
        text += fmt::format("\"{}\":", quantile.name);
        json::append_milliseconds(text, tally.latencies().quantile(quantile.share));
        if (quantile.share < 1) text += ',';
    }
    return text + "}}\n";
}

}  // namespace plait::batch
