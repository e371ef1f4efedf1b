#include "plait/mock/internal/behaviour.hpp"

#include "plait/mock/content/internal/content_answers.hpp"
#include "plait/mock/content/internal/follow_answers.hpp"
#include "plait/mock/content/internal/refusal_table.hpp"
#include "plait/mock/content/internal/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace plait::mock::internal {

namespace {

constexpr std::string_view small_document = R"({"id":1,"name":"plait","value":42,"tags":["a","b","c"]})";
constexpr std::string_view fault_path = "/fault/";
constexpr std::string_view refuse_path = "/refuse/";

/// Limits on what a path may ask for. More is a typing error.
constexpr std::size_t most_delay_ms = 24 * 60 * 60 * 1000;
constexpr std::size_t most_wait_s = 365 * 24 * 60 * 60;
constexpr std::size_t most_bytes = std::size_t{1} << 30;

/// The longest lognormal latency.
constexpr Duration longest_latency = std::chrono::hours(24);

/// The limit that `/refuse` claims.
constexpr std::uint64_t told_limit = 60;
constexpr Duration told_window = std::chrono::minutes(1);

void fill_with(Answer& answer, std::size_t bytes) {
    answer.content_type = text_type;
    answer.fill = bytes;
}

Answer delayed_answer(std::string_view arguments, const MockOptions& options) {
    const auto slash = arguments.find('/');
    const auto delay_ms = parse_number(arguments.substr(0, slash), 0, most_delay_ms);
    if (!delay_ms) return explanation("write /delay/<ms> or /delay/<ms>/<bytes>, with at most a day");
    Answer answer;
    answer.status = options.status;
    answer.delay = std::chrono::milliseconds(*delay_ms);
    if (slash == std::string_view::npos) {
        answer.body = small_document;
        return answer;
    }
    const auto bytes = parse_number(arguments.substr(slash + 1), 0, most_bytes);
    if (!bytes) return explanation("write /delay/<ms>/<bytes>, with at most 1 GiB");
    fill_with(answer, *bytes);
    return answer;
}

/// Returns a latency for two numbers drawn at random.
Duration draw_latency(const Latency& latency, const Chance& chance, Chance::Of place, Chance::Of spread) {
    const auto range = static_cast<double>((latency.most - latency.least).count());
    if (latency.sigma == 0 && range == 0) return latency.least;
    if (latency.sigma == 0) return latency.least + Duration(static_cast<Duration::rep>(range * chance.draw(place)));
    // Box and Muller's method: a normal number from two even ones.
    const double radius = std::sqrt(-2 * std::log(1 - chance.draw(place)));
    const double normal = radius * std::cos(2 * std::numbers::pi * chance.draw(spread));
    const double drawn = static_cast<double>(latency.least.count()) * std::exp(latency.sigma * normal);
    return Duration(static_cast<Duration::rep>(std::min(drawn, static_cast<double>(longest_latency.count()))));
}

Answer usual_answer(const http::ReceivedRequest& request, const MockOptions& options, const Chance& chance) {
    Answer answer;
    answer.status = options.status;
    answer.delay = draw_latency(options.latency, chance, Chance::Of::latency, Chance::Of::spread);
    if (options.body_bytes) {
        fill_with(answer, *options.body_bytes);
    } else {
        answer.body = echo_of(request);
    }
    return answer;
}

/// Makes a refusal without limit headers.
Answer refused_answer(const Refusal& refusal, const LimitTelling& telling) {
    Answer answer;
    answer.status = refusal.status();
    answer.content_type = refusal.row().content_type;
    answer.headers = refusal.row().headers;
    append_filled(answer.body, refusal.row().body, telling);
    return answer;
}

/// Makes the answer for `/refuse/<seconds>/<dialect>/<lie>`; nothing when the path is invalid.
std::optional<Answer> refusal_on_demand(std::string_view arguments, const MockOptions& options, CalendarTime now) {
    const auto seconds = parse_number(take_segment(arguments), 0, most_wait_s);
    if (!seconds) return std::nullopt;
    LimitState state;
    state.limit = told_limit;
    state.window = told_window;
    state.reset = std::chrono::seconds(*seconds);
    LimitTelling telling;
    telling.limits = std::span(&state, 1);
    telling.refused = true;
    telling.now = now;
    std::array<LimitDialect, 1> dialect;
    if (const std::string_view name = take_segment(arguments); !name.empty()) {
        const auto known = LimitDialect::named(name);
        if (!known) return std::nullopt;
        dialect = {*known};
    }
    if (const std::string_view name = take_segment(arguments); !name.empty()) {
        telling.lie = Lie::named(name);
        if (!telling.lie) return std::nullopt;
    }
    Answer answer = refused_answer(options.refusal, telling);
    append_limit_headers(answer.headers, dialect, telling);
    return answer;
}

/// Makes the answer that the path or the options ask for, without faults and limits.
Behaviour asked_for(const http::ReceivedRequest& request, const MockOptions& options,
                    const Circumstances& circumstances) {
    const std::string_view path = path_of(request.target);
    Behaviour behaviour;
    if (const auto arguments = after("/delay/", path)) {
        behaviour.answer = delayed_answer(*arguments, options);
    } else if (const auto refusal = after(refuse_path, path)) {
        const auto answer = refusal_on_demand(*refusal, options, circumstances.now);
        behaviour.refused = answer.has_value();
        behaviour.answer =
            answer ? *answer
                   : explanation(fmt::format("write /refuse/<seconds>, /refuse/<seconds>/<headers> or "
                                             "/refuse/<seconds>/<headers>/<lie>; headers are {}; lies are {}",
                                             LimitDialect::names(), Lie::names()));
    } else if (const auto codings = after("/coded/", path)) {
        behaviour.answer = coded_answer(*codings, usual_answer(request, options, circumstances.chance))
                               .value_or(explanation(coded_paths));
    } else if (const auto redirect = after("/redirect/", path)) {
        behaviour.answer = redirect_answer(*redirect, request, options.tls ? "https" : "http",
                                           usual_answer(request, options, circumstances.chance))
                               .value_or(explanation(redirect_paths));
    } else if (const auto cookie = after("/cookie/", path)) {
        behaviour.answer = cookie_answer(*cookie, request, usual_answer(request, options, circumstances.chance));
    } else if (path == "/pages" || path.starts_with("/pages/")) {
        std::string_view flaw = path.substr(std::string_view("/pages").size());
        if (!flaw.empty()) flaw.remove_prefix(1);
        behaviour.answer = page_answer(flaw, request, options.tls ? "https" : "http",
                                       usual_answer(request, options, circumstances.chance))
                               .value_or(explanation(page_paths));
    } else if (const auto job = after("/jobs/", path)) {
        behaviour.answer =
            job_answer(*job, request, usual_answer(request, options, circumstances.chance), circumstances.now)
                .value_or(explanation(job_paths));
    } else if (after(fault_path, path) && !circumstances.fault) {
        behaviour.answer = explanation("write /fault/<name>; the names are " + Fault::names());
    } else {
        behaviour.answer = usual_answer(request, options, circumstances.chance);
        if (const auto code = after("/status/", path)) {
            const auto status = parse_number(*code, 200, 599);
            if (!status) {
                behaviour.answer = explanation("write /status/<code>, from 200 to 599");
            } else {
                behaviour.answer.status = static_cast<int>(*status);
            }
        }
    }
    return behaviour;
}

/// Returns what happens to a request that was accepted.
Behaviour admitted(const http::ReceivedRequest& request, const MockOptions& options,
                   const Circumstances& circumstances) {
    Behaviour behaviour = asked_for(request, options, circumstances);
    behaviour.fault = circumstances.fault;
    const bool is_coded = behaviour.answer.headers.find("Content-Encoding") != std::string::npos;
    if (!options.codings.empty() && !is_coded && accept_all(request, options.codings))
        apply_codings(behaviour.answer, options.codings);
    if (behaviour.fault && behaviour.fault->status() != 0) behaviour.answer.status = behaviour.fault->status();
    if (does_only_what_it_says(path_of(request.target))) return behaviour;
    const auto others = static_cast<Duration::rep>(circumstances.in_flight - 1);
    behaviour.answer.delay += options.latency_per_request * others;
    behaviour.wait = circumstances.verdict.delay;
    behaviour.takes_slot = options.slots > 0;
    return behaviour;
}

}  // namespace

bool asks_for_statistics(std::string_view path) { return path == "/stats" || path.starts_with("/stats/"); }

bool does_only_what_it_says(std::string_view path) {
    return asks_for_statistics(path) || path.starts_with(fault_path) || path.starts_with(refuse_path);
}

std::optional<Fault> fault_of(std::string_view path, const MockOptions& options, const Chance& chance) {
    if (auto rest = after(fault_path, path)) return Fault::named(take_segment(*rest));
    if (options.faults.empty() || does_only_what_it_says(path)) return std::nullopt;
    return options.faults.pick(chance.draw(Chance::Of::fault));
}

Duration latency_before(std::string_view path, const MockOptions& options, const Chance& chance) {
    if (options.latency_before.most == Duration::zero() || does_only_what_it_says(path)) return Duration::zero();
    return draw_latency(options.latency_before, chance, Chance::Of::latency_before, Chance::Of::spread_before);
}

Behaviour decide(const http::ReceivedRequest& request, const MockOptions& options, const Circumstances& circumstances) {
    const Verdict& verdict = circumstances.verdict;
    LimitTelling telling;
    telling.limits = verdict.limits;
    telling.tightest = verdict.tightest;
    telling.refused = !verdict.let_in;
    telling.now = circumstances.now;
    telling.partition = limit_key_of(request, options.allowed_per);
    Behaviour behaviour;
    if (options.crash_every > 0 && circumstances.number % options.crash_every == 0) {
        behaviour.fault = Fault::named("crash");
    } else if (!verdict.let_in) {
        behaviour.answer = refused_answer(options.refusal, telling);
        behaviour.refused = true;
    } else {
        behaviour = admitted(request, options, circumstances);
    }
    if (!verdict.limits.empty() && verdict.is_told) {
        telling.lie = options.lies.pick(circumstances.chance.draw(Chance::Of::lie));
        append_limit_headers(behaviour.answer.headers, options.limit_headers, telling);
    }
    return behaviour;
}

}  // namespace plait::mock::internal
