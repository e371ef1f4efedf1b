#include "plait/batch/status/run_report_text.hpp"

#include "plait/base/text/words.hpp"
#include "plait/json/object_writer.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace plait::batch {

namespace {

/// Shorter waits are not given an end: with an even pace, each call waits for a moment.
constexpr Duration shortest_told = std::chrono::seconds(1);

/// Of a page; shorter than what a terminal's line holds.
constexpr std::size_t longest_url = 200;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::time_t whole_seconds(WallTime time) {
    return static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::string rate_in_words(double per_second) { return fmt::format("{:.{}f}/s", per_second, per_second < 10 ? 1 : 0); }

std::string amount_in_words(double amount) { return fmt::format("{:.6g}", amount); }

std::string limit_in_words(const policy::RateLimit& limit) {
    // A learnt limit is a measurement: its fractions are noise.
    const double amount = limit.amount >= 10 ? std::round(limit.amount) : limit.amount;
    return policy::to_string(policy::RateLimit(limit.unit, amount, limit.window));
}

// ---- why it waits

std::string source_in_words(const std::string& source) {
    return source.empty() ? "" : fmt::format(" ({})", printable(source));
}

/// Whether a reason is a limit, such as `requests=500/m` or `tokens: 0 of 90k left`, and not a phrase.
bool is_limit(const std::string& reason) { return reason.find_first_of("=:") != std::string::npos; }

/// The reason as a phrase.
std::string reason_in_words(const std::string& limit) {
    if (limit.empty()) return "waits";
    return (is_limit(limit) ? "waits for " : "") + printable(limit);
}

/// Whether the end of the wait is known. If it depends on a call in flight, `until` is decades ahead.
bool is_end_known(const ReportedWait& wait, WallTime now) {
    constexpr Duration longest = std::chrono::hours(24 * 365 * 10);
    return wait.until - now < longest;
}

std::string wait_in_words(const ReportedWait& wait, WallTime now, Calendar calendar) {
    std::string text = reason_in_words(wait.limit) + source_in_words(wait.learnt_from);
    if (wait.until - now >= shortest_told && is_end_known(wait, now))
        text += " until " + time_in_words(wait.until, now, calendar);
    return text;
}

bool is_parked(const GroupReport& group, WallTime now) { return group.parked && group.parked->until > now; }

/// Empty if the group does not wait.
std::string why_group_waits(const GroupReport& group, bool is_named, WallTime now, Calendar calendar) {
    const std::string name = printable(group.name);
    if (is_parked(group, now)) {
        return fmt::format("{} is parked until {}{}", name, time_in_words(group.parked->until, now, calendar),
                           source_in_words(group.parked->learnt_from));
    }
    if (group.circuit_open_since) {
        return fmt::format("{} has been unreachable since {}", name,
                           time_in_words(*group.circuit_open_since, now, calendar));
    }
    if (!group.waits_for) return {};
    return (is_named ? name + " " : "") + wait_in_words(*group.waits_for, now, calendar);
}

// ---- when it will be done

/// The mean cost of a call in a unit; nothing if unknown.
std::optional<double> mean_cost(const RunReport& report, const std::string& unit) {
    for (const ReportedCost& cost : report.costs) {
        if (cost.unit == unit && cost.spent > 0 && report.done > 0)
            return cost.spent / static_cast<double>(report.done);
    }
    if (unit == policy::requests_unit) return 1;
    return std::nullopt;
}

/// The calls per second that the limits of a group allow; infinite without limits.
double allowed_pace(const RunReport& report, const GroupReport& group) {
    double least = std::numeric_limits<double>::infinity();
    const auto obey = [&](const std::string& unit, double amount, Duration window) {
        const auto cost = mean_cost(report, unit);
        if (cost && window > Duration::zero()) least = std::min(least, amount / seconds(window) / *cost);
    };
    for (const policy::RateLimit& limit : report.limits) obey(limit.unit, limit.amount, limit.window);
    if (group.learnt_pace) obey(group.learnt_pace->unit, group.learnt_pace->amount, group.learnt_pace->window);
    for (const ReportedQuota& quota : group.quotas) {
        if (quota.limit && quota.window) obey(quota.unit, *quota.limit, *quota.window);
    }
    return least;
}

/// The sum over all groups.
double allowed_pace(const RunReport& report) {
    double sum = 0;
    for (const GroupReport& group : report.groups) sum += allowed_pace(report, group);
    const bool are_all_known = !report.groups.empty() && report.group_count <= report.groups.size();
    return are_all_known ? sum : std::numeric_limits<double>::infinity();
}

/// When the first group can send again; now, unless all wait.
WallTime sends_again_at(const RunReport& report, WallTime now) {
    std::optional<WallTime> first;
    for (const GroupReport& group : report.groups) {
        const auto& wait = is_parked(group, now) ? group.parked : group.waits_for;
        if (!wait || wait->until <= now || !is_end_known(*wait, now)) return now;
        first = std::min(first.value_or(wait->until), wait->until);
    }
    return first.value_or(now);
}

/// Whether failures hold up all calls. How many will succeed is unknown then, so past rates predict nothing.
bool stands_still_after_failures(const RunReport& report) {
    const auto is_on_its_way = [](const GroupReport& group) { return group.in_flight > 0; };
    const auto waits_without_end = [](const GroupReport& group) {
        return group.waits_for && group.waits_for->learnt_from.empty() && !is_limit(group.waits_for->limit);
    };
    return std::none_of(report.groups.begin(), report.groups.end(), is_on_its_way) &&
           std::any_of(report.groups.begin(), report.groups.end(), waits_without_end);
}

bool waits_for_limit(const RunReport& report) {
    return std::any_of(report.groups.begin(), report.groups.end(),
                       [](const GroupReport& group) { return group.waits_for.has_value(); });
}

// ---- the parts of a group's status

std::string quota_in_words(const ReportedQuota& quota, WallTime now, Calendar calendar) {
    std::string text;
    if (quota.limit && quota.window) {
        text = limit_in_words(policy::RateLimit(quota.unit, *quota.limit, *quota.window));
    } else {
        text = quota.limit ? fmt::format("{} {}", amount_in_words(*quota.limit), quota.unit) : quota.unit;
    }
    text += fmt::format(", learnt from {}", printable(quota.learnt_from));
    if (quota.remaining) text += fmt::format(": {} left", amount_in_words(std::floor(*quota.remaining)));
    if (quota.reset_at && *quota.reset_at > now) text += " until " + time_in_words(*quota.reset_at, now, calendar);
    return text;
}

/// How the limit of calls in flight was found; empty if it is given.
std::string limit_change_in_words(const GroupReport& group) {
    if (!group.concurrency_is_adaptive) return {};
    if (!group.concurrency_change) return "adaptive";
    const ReportedChange& change = *group.concurrency_change;
    return fmt::format("{} from {}: {}", change.to < change.from ? "lowered" : "raised", change.from,
                       printable(change.why));
}

/// The limits that were learnt.
std::vector<std::string> limits_in_words(const GroupReport& group, WallTime now, Calendar calendar) {
    std::vector<std::string> limits;
    if (group.learnt_pace) limits.push_back(limit_in_words(*group.learnt_pace) + ", learnt from refusals");
    for (const ReportedQuota& quota : group.quotas) limits.push_back(quota_in_words(quota, now, calendar));
    return limits;
}

// ---- the text of `plait status`

class StatusText {
  public:
    StatusText(const RunReport& report, std::string_view results, Liveness liveness, WallTime now, Calendar calendar)
        : report_(report),
          results_(results),
          is_running_(liveness == Liveness::running),
          now_(now),
          calendar_(calendar) {}

    std::string write() {
        head();
        done();
        if (is_running_) {
            going();
            line("state", why_waiting(report_, now_, calendar_));
            line("page", printable(report_.page_url, longest_url));
        }
        latency();
        errors();
        costs();
        limits();
        workers();
        if (is_running_) {
            groups();
            end_time();
        } else {
            versions();
            next();
        }
        return std::move(text_);
    }

  private:
    void head() { text_ = fmt::format("{}: {}\n", results_, is_running_ ? running() : ended()); }

    std::string running() const {
        return fmt::format("running since {} (process {}), last update {}", told(report_.began), report_.pid,
                           told(report_.last_heard));
    }

    std::string ended() const {
        const std::string at = told(report_.last_heard);
        if (!report_.stopped.empty()) return fmt::format("stopped at {}: {}", at, report_.stopped);
        if (report_.has_ended) return fmt::format("finished at {}", at);
        return fmt::format("not running: it was killed or crashed; last update {}", at);
    }

    void done() {
        std::string text = fmt::format("{}", report_.done);
        if (report_.total && *report_.total >= report_.done && *report_.total > 0) {
            const double share = static_cast<double>(report_.done) / static_cast<double>(*report_.total);
            text += fmt::format(" of {} ({:.0f} %)", *report_.total, std::floor(share * 100));
        }
        std::string parts;
        for (std::size_t n = 0; n < outcome_count; ++n) {
            if (report_.outcomes[n] == 0) continue;
            parts += fmt::format("{}{} {}", parts.empty() ? ": " : ", ", report_.outcomes[n],
                                 to_string(static_cast<Outcome>(n)));
        }
        line("done", text + parts);
    }

    void going() {
        line("now", fmt::format("{} in flight, {} {} so far", report_.in_flight, report_.retries,
                                report_.retries == 1 ? "retry" : "retries"));
        line("rate", fmt::format("{} recently, {} since the start", rate_in_words(report_.lately_per_second),
                                 rate_in_words(report_.per_second)));
    }

    void latency() {
        if (!report_.latency) return;
        const ReportedLatency& latency = *report_.latency;
        line("took", fmt::format("p50 {}, p90 {}, p99 {}, at most {}", in_words(latency.p50), in_words(latency.p90),
                                 in_words(latency.p99), in_words(latency.longest)));
    }

    void errors() {
        for (const ReportedError& error : report_.errors) {
            const std::string message = error.message.empty() ? "" : ": " + printable(error.message);
            line("errors",
                 fmt::format("{} {}, such as {}{}", error.calls, error.kind, printable(error.custom_id), message));
        }
    }

    void costs() {
        for (const ReportedCost& cost : report_.costs) {
            line("spent", fmt::format("{} {}{}", amount_in_words(cost.spent), cost.unit,
                                      cost.budget ? fmt::format(" of {}", amount_in_words(*cost.budget)) : ""));
        }
    }

    void limits() {
        for (const policy::RateLimit& limit : report_.limits) {
            line("limit", fmt::format("{}, configured", policy::to_string(limit)));
        }
        for (const GroupReport& group : report_.groups) {
            for (const std::string& limit : limits_in_words(group, now_, calendar_)) line("limit", of(group) + limit);
        }
    }

    void workers() {
        for (const ReportedWorker& worker : report_.workers) {
            std::string text = fmt::format("{}: ", printable(worker.host));
            if (worker.lost_at) {
                text += fmt::format("lost at {} with {} in flight", told(*worker.lost_at), worker.lost_calls);
            } else if (is_running_) {
                text += fmt::format("{} of {} in flight{}", worker.in_flight, worker.places,
                                    worker.is_leaving ? ", is leaving" : "");
            }
            line("worker", fmt::format("{}{}{} calls so far (plait {})", text, text.ends_with(": ") ? "" : ", ",
                                       worker.calls, printable(worker.version)));
        }
    }

    void groups() {
        for (const GroupReport& group : report_.groups) {
            std::string text = fmt::format("{}: {}", printable(group.name), group.in_flight);
            if (group.concurrency > 0) text += fmt::format(" of {}", group.concurrency);
            text += " in flight";
            if (group.concurrency_is_adaptive) text += fmt::format(" ({})", limit_change_in_words(group));
            if (group.waiting > 0) text += fmt::format(", {} waiting", group.waiting);
            if (group.http_version == "2") text += ", over HTTP/2";
            // The reason of an only group is in the line "state".
            const std::string why = is_only_group() ? "" : why_group_waits(group, false, now_, calendar_);
            line("group", text + (why.empty() ? "" : ": " + why));
        }
        if (report_.group_count > report_.groups.size()) {
            line("group", fmt::format("and {} more", report_.group_count - report_.groups.size()));
        }
    }

    /// Names the groups that spoke HTTP/2, if not all did.
    void versions() {
        std::string names;
        bool are_all = true;
        for (const GroupReport& group : report_.groups) {
            if (group.http_version == "2") {
                names += (names.empty() ? "" : ", ") + printable(group.name);
            } else if (!group.http_version.empty()) {
                are_all = false;
            }
        }
        if (!names.empty())
            line("http", are_all ? "HTTP/2" : fmt::format("HTTP/2 with {}; HTTP/1.1 with others", names));
    }

    void end_time() {
        const auto left = time_left(report_, now_);
        line("ends", left ? fmt::format("about {}, in {}", told(now_ + *left), in_words(*left)) : "");
    }

    void next() {
        if (!report_.has_ended || !report_.stopped.empty()) {
            const auto back = come_back_at(report_);
            const bool is_later = back && *back > now_;
            line("next", is_later ? fmt::format("repeat the command to resume; the servers ask you to wait until {}",
                                                told(*back))
                                  : "repeat the command to resume");
            return;
        }
        retry(Outcome::failed);
        retry(Outcome::unknown);
    }

    void retry(Outcome outcome) {
        if (report_.count(outcome) == 0) return;
        const std::uint64_t count = report_.count(outcome);
        line("next", fmt::format("plait retry {} --{} writes the {} {} request{} to a new file", results_,
                                 to_string(outcome), count, to_string(outcome), count == 1 ? "" : "s"));
    }

    bool is_only_group() const { return report_.group_count <= 1; }
    std::string of(const GroupReport& group) const { return is_only_group() ? "" : printable(group.name) + ": "; }
    std::string told(WallTime time) const { return time_in_words(time, now_, calendar_); }

    /// Adds a line, unless `text` is empty. Of several lines with a name, only the first shows it.
    void line(std::string_view name, const std::string& text) {
        if (text.empty()) return;
        text_ += fmt::format("  {:<6} {}\n", name == last_name_ ? "" : name, text);
        last_name_ = name;
    }

    const RunReport& report_;
    std::string_view results_;
    bool is_running_;
    WallTime now_;
    Calendar calendar_;
    std::string text_;
    std::string_view last_name_;
};

}  // namespace

std::tm local_calendar(WallTime time) {
    const std::time_t at = whole_seconds(time);
    std::tm date{};
    ::localtime_r(&at, &date);
    return date;
}

std::tm utc_calendar(WallTime time) {
    const std::time_t at = whole_seconds(time);
    std::tm date{};
    ::gmtime_r(&at, &date);
    return date;
}

std::string time_in_words(WallTime time, WallTime now, Calendar calendar) {
    const std::tm date = calendar(time);
    const std::tm today = calendar(now);
    const bool is_today = date.tm_year == today.tm_year && date.tm_yday == today.tm_yday;
    return is_today ? fmt::format("{:%H:%M:%S}", date) : fmt::format("{:%Y-%m-%d %H:%M:%S}", date);
}

std::string why_waiting(const RunReport& report, WallTime now, Calendar calendar) {
    if (report.is_stopping) return "stops when the calls in flight have ended";
    if (report.is_paused) return "paused";
    for (const GroupReport& group : report.groups) {
        const std::string why = why_group_waits(group, report.group_count > 1, now, calendar);
        if (!why.empty()) return why;
    }
    return {};
}

GroupWords group_in_words(const GroupReport& group, WallTime now, Calendar calendar) {
    GroupWords words;
    words.limit_change = limit_change_in_words(group);
    words.why_waiting = why_group_waits(group, false, now, calendar);
    words.limits = limits_in_words(group, now, calendar);
    return words;
}

std::optional<Duration> time_left(const RunReport& report, WallTime now) {
    if (!report.total || *report.total < report.done || report.has_ended || report.is_paused) return std::nullopt;
    if (stands_still_after_failures(report)) return std::nullopt;
    const double allowed = allowed_pace(report);
    double pace = report.lately_per_second > 0 ? report.lately_per_second : report.per_second;
    if (std::isfinite(allowed) && (pace > allowed || waits_for_limit(report))) pace = allowed;
    if (!(pace > 0)) return std::nullopt;
    constexpr double longest = 100.0 * 365 * 24 * 3600;
    const double left = std::min(static_cast<double>(*report.total - report.done) / pace, longest);
    return sends_again_at(report, now) - now +
           std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left));
}

std::optional<WallTime> come_back_at(const RunReport& report) {
    std::optional<WallTime> first;
    for (const GroupReport& group : report.groups) {
        if (group.parked) first = std::min(first.value_or(group.parked->until), group.parked->until);
    }
    return first;
}

std::string report_line(const RunReport& report, WallTime now, Calendar calendar) {
    std::string line = fmt::format("{}  {}", time_in_words(now, now, calendar), report.done);
    if (report.total) line += fmt::format("/{}", *report.total);
    line += fmt::format("  {}  {} in flight", rate_in_words(report.lately_per_second), report.in_flight);
    const std::uint64_t not_ok =
        std::accumulate(report.outcomes.begin(), report.outcomes.end(), std::uint64_t{0}) - report.count(Outcome::ok);
    if (not_ok > 0) line += fmt::format("  {} not ok", not_ok);
    if (const auto left = time_left(report, now)) line += "  ends " + time_in_words(now + *left, now, calendar);
    const std::string why = why_waiting(report, now, calendar);
    return why.empty() ? line : line + "  " + why;
}

std::string report_json(const RunReport& report, Liveness liveness, WallTime now, Calendar calendar) {
    const bool is_running = liveness == Liveness::running;
    const auto left = is_running ? time_left(report, now) : std::nullopt;
    return json::ObjectWriter()
        .flag("is_running", is_running)
        .text("why_waiting", is_running ? why_waiting(report, now, calendar) : "")
        .number("seconds_left", left ? std::optional(seconds(*left)) : std::nullopt)
        .json("report", to_json(report))
        .end();
}

std::string report_text(const RunReport& report, std::string_view results, Liveness liveness, WallTime now,
                        Calendar calendar) {
    return StatusText(report, results, liveness, now, calendar).write();
}

}  // namespace plait::batch
