#include "plait/batch/status/run_report_text.hpp"

#include "plait/base/text/words.hpp"
#include "plait/batch/status/group_words.hpp"
#include "plait/batch/status/internal/report_parts.hpp"
#include "plait/batch/status/next_steps.hpp"
#include "plait/batch/status/time_left.hpp"
#include "plait/json/object_writer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>

namespace plait::batch {

namespace {

/// Of a page; shorter than what a terminal's line holds.
constexpr std::size_t longest_url = 200;
constexpr std::size_t longest_warning = 300;

std::string rate_in_words(double per_second) { return fmt::format("{:.{}f}/s", per_second, per_second < 10 ? 1 : 0); }

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
        warnings();
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
            line("spent",
                 fmt::format("{} {}{}", internal::amount_in_words(cost.spent), cost.unit,
                             cost.budget ? fmt::format(" of {}", internal::amount_in_words(*cost.budget)) : ""));
        }
    }

    void limits() {
        for (const policy::RateLimit& limit : report_.limits) {
            line("limit", fmt::format("{}, configured", policy::to_string(limit)));
        }
        for (const GroupReport& group : report_.groups) {
            for (const std::string& limit : group_in_words(group, now_, calendar_).limits)
                line("limit", of(group) + limit);
        }
    }

    void warnings() {
        for (const std::string& warning : report_.warnings) line("warn", printable(warning, longest_warning));
    }

    void workers() {
        for (const ReportedWorker& worker : report_.workers) {
            std::string text = fmt::format("{}: ", printable(worker.host));
            if (worker.lost_at) {
                text += fmt::format("lost at {} with {} in flight", told(*worker.lost_at), worker.lost_calls);
            } else if (is_running_) {
                text += fmt::format("{} of {} in flight{}", worker.in_flight, worker.slots,
                                    worker.is_leaving ? ", is leaving" : "");
            }
            line("worker", fmt::format("{}{}{} calls so far (plait {})", text, text.ends_with(": ") ? "" : ", ",
                                       worker.calls, printable(worker.version)));
        }
    }

    void groups() {
        for (const GroupReport& group : report_.groups) {
            const GroupWords words = group_in_words(group, now_, calendar_);
            std::string text = fmt::format("{}: {}", printable(group.name), group.in_flight);
            if (group.concurrency > 0) text += fmt::format(" of {}", group.concurrency);
            text += " in flight";
            if (group.concurrency_is_adaptive) text += fmt::format(" ({})", words.limit_change);
            if (group.waiting > 0) text += fmt::format(", {} waiting", group.waiting);
            if (group.http_version == "2") text += ", over HTTP/2";
            // The reason of an only group is in the line "state".
            const std::string why = is_only_group() ? "" : words.why_waiting;
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
        std::string resume;
        if (!report_.has_ended || !report_.stopped.empty()) resume = how_to_resume(report_);
        const auto back = come_back_at(report_);
        if (!resume.empty() && back && *back > now_)
            resume += fmt::format("; the servers ask you to wait until {}", told(*back));
        line("next", resume);
        if (!report_.has_ended) return;
        for (const std::string& step : retry_steps(report_, results_)) line("next", step);
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
        .number("seconds_left", left ? std::optional(std::chrono::duration<double>(*left).count()) : std::nullopt)
        .json("report", to_json(report))
        .end();
}

std::string report_text(const RunReport& report, std::string_view results, Liveness liveness, WallTime now,
                        Calendar calendar) {
    return StatusText(report, results, liveness, now, calendar).write();
}

}  // namespace plait::batch
