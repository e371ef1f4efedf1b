#include "plait/compare/jobs/python.hpp"

#include "plait/base/error.hpp"
#include "plait/compare/jobs/internal/python_script.hpp"
#include "plait/workers/child_program.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <utility>

namespace plait::compare {

namespace {

// A function call takes about 50 times as long as in C++, and longer on a busy machine.
constexpr int slower_at_most = 300;
constexpr std::string_view no_such_method = "plait-python has no such method";
constexpr std::string_view calls_mark = "calls:";
constexpr std::string_view no_package = "plait-python has no plait: ";
constexpr Duration time_to_start = std::chrono::minutes(1);

std::optional<Duration> duration_of(double seconds) {
    constexpr double week = 7 * 24 * 3600;
    if (!(seconds >= 0 && seconds <= week)) return std::nullopt;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

/// Returns the last line that is not empty.
std::string_view last_line(std::string_view text) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    return text.substr(text.rfind('\n') + 1);
}

/// Replaces what stands in the place of an answer for calls, `calls:OK,REJECTED,FAILED,UNKNOWN,REFUSED`, by these
/// numbers. Returns false if it is something else.
bool read_outcomes(Measurement& measured) {
    std::istringstream text{measured.answer.substr(calls_mark.size())};
    std::array<std::uint64_t, 5> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i > 0 && text.get() != ',') return false;
        if (!(text >> numbers[i])) return false;
    }
    using batch::Outcome;
    constexpr std::array outcomes{Outcome::ok, Outcome::rejected, Outcome::failed, Outcome::unknown};
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        measured.outcomes[static_cast<std::size_t>(outcomes[i])] = numbers[i];
    measured.refused = numbers.back();
    measured.answer.clear();
    if (numbers[0] + numbers[1] == 0) measured.p50 = measured.p99 = std::nullopt;  // none was answered
    return text.peek() == std::istringstream::traits_type::eof();
}

[[noreturn]] void refuse(const std::string& reason, std::string_view said) {
    constexpr std::size_t most_shown = 200;
    throw Error(ErrorCode::protocol,
                fmt::format("python3 {}{}{}", reason, said.empty() ? "" : ": ", said.substr(0, most_shown)));
}

}  // namespace

const std::array<PythonMethod, 6> python_methods{{
    {"sync", batch::Scheduling::nobody},
    {"threading", batch::Scheduling::operating_system},
    {"asyncio", batch::Scheduling::task},
    {"multiprocessing", batch::Scheduling::operating_system},
    {"interpreters", batch::Scheduling::operating_system},
    {python_package, batch::Scheduling::task},
}};

std::optional<PythonMeasurement> read_python_line(std::string_view line, std::size_t count) {
    std::istringstream words{std::string(line)};
    std::string mark;
    std::string rest;
    PythonMeasurement result;
    double wall = 0, cpu = 0, in_jobs = 0, ready = 0, p50 = 0, p99 = 0;
    words >> mark >> result.version >> result.has_lock >> wall >> cpu >> in_jobs >> ready >> p50 >> p99;
    words >> result.measured.peak_bytes >> result.measured.processors >> result.measured.answer;
    if (!words || mark != "plait-python" || words >> rest) return std::nullopt;

    const auto wall_time = duration_of(wall), cpu_time = duration_of(cpu), job_time = duration_of(in_jobs);
    const auto ready_time = duration_of(ready);
    result.measured.p50 = duration_of(p50);
    result.measured.p99 = duration_of(p99);
    if (!wall_time || !cpu_time || !job_time || !ready_time || !result.measured.p50 || !result.measured.p99)
        return std::nullopt;
    result.measured.wall = *wall_time;
    result.measured.cpu = *cpu_time;
    result.measured.in_calls = *job_time;
    result.measured.ready = *ready_time;
    result.measured.done = count;
    if (result.measured.answer.starts_with(calls_mark) && !read_outcomes(result.measured)) return std::nullopt;
    return result;
}

Duration python_limit(Duration ours) noexcept { return time_to_start + slower_at_most * ours; }

std::vector<std::string> python_command(const JobWork& work, const Way& way) {
    const Job& job = work.job();
    return {"python3",
            "-c",
            std::string(internal::python_jobs),
            way.method,
            std::string(job.kind().name),
            fmt::to_string(job.amount()),
            fmt::to_string(work.size()),
            fmt::to_string(way.workers())};
}

Task<PythonMeasurement> measure_python(std::vector<std::string> command, std::size_t count, Duration limit) {
    EndedProgram ended;
    try {
        ended = co_await run_program(std::move(command), limit);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::bad_input) throw PythonNotFound(error.code(), error.what());
        throw;
    }
    const std::string_view said = last_line(ended.said);
    if (said == no_such_method) throw NoPythonMethod(ErrorCode::bad_input, std::string(said));
    if (said.starts_with(no_package)) throw Error(ErrorCode::bad_input, std::string(said.substr(no_package.size())));
    if (ended.wait_status != 0) refuse("failed", said);
    auto measurement = read_python_line(said, count);
    if (!measurement) refuse("printed something else than a measurement", said);
    co_return std::move(*measurement);
}

}  // namespace plait::compare
