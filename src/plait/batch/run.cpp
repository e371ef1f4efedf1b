#include "plait/batch/run.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/internal/run_engine.hpp"
#include "plait/batch/internal/run_parts.hpp"
#include "plait/batch/internal/run_settings.hpp"
#include "plait/batch/sources/open_source.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace plait::batch {

namespace {

/// Calls that come as values have all of this already: an option that did nothing would be a trap.
void refuse_line_options(const RequestDefaults& requests) {
    if (requests.base_url.empty() && requests.headers.size() == 0 && !requests.safe_to_repeat &&
        !requests.automatic_keys && requests.permitted_secrets.empty() && requests.format == BatchFormat::plait &&
        !requests.rows.are_given())
        return;
    throw_bad_input("RunOptions::requests is about request lines: calls that come as values have no defaults");
}

/// An answer that is to be JSON within a vendor's line can't be anything else.
void check_result_format(const RunOptions& options) {
    const BatchFormat batch = options.result_format.batch;
    if (batch != BatchFormat::anthropic && batch != BatchFormat::gemini) return;
    const std::string_view name = find_batch_format(batch)->name;
    if (options.result_format.body != BodyFormat::automatic)
        throw_bad_input(fmt::format("--result-format {} has answers as JSON: leave --body out", name));
    if (options.save_bodies)
        throw_bad_input(fmt::format("--result-format {} has answers in its lines: leave --save-bodies out", name));
}

bool exists(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

/// The trace of an earlier part of the run is replaced; another file is not.
bool replaces_trace(const RunOptions& options, const std::string& results) {
    return options.overwrite || exists(state_path(results));
}

/// Before any file is made: a trace that is refused must leave no empty results behind.
void check_trace(const RunOptions& options, bool may_replace) {
    std::error_code error;
    if (may_replace || options.trace.empty() || !std::filesystem::is_regular_file(options.trace, error)) return;
    throw_bad_input(fmt::format("{} exists: --overwrite replaces it", options.trace));
}

RunFilesOptions files_options(const RunOptions& options) {
    return {.overwrite = options.overwrite, .extend = options.extend, .durable = options.durable};
}

}  // namespace

Run::Run(RunOptions options, RunWorld world) : parts_(std::make_unique<Parts>(std::move(options), std::move(world))) {
    RunOptions& kept = parts_->options;
    check_result_format(kept);
    parts_->own_notes = InputNotes(kept.warn);
    if (!kept.requests.secrets) kept.requests.secrets = &parts_->own_secrets;
    if (!kept.requests.notes) kept.requests.notes = &parts_->own_notes;
}

Run::Run(std::string requests, std::string results, RunOptions options, RunWorld world)
    : Run(std::vector<std::string>{std::move(requests)}, std::move(results), std::move(options), std::move(world)) {}

Run::Run(std::vector<std::string> requests, std::string results, RunOptions options, RunWorld world)
    : Run(std::move(options), std::move(world)) {
    open_files(results);
    parts_->options.requests.key_seed = id();
    parts_->options.requests.refuses_other_kinds = true;
    parts_->follow(open_source(std::move(requests), parts_->options.requests));
}

Run::Run(std::unique_ptr<ResumableSource> source, std::string results, RunOptions options, RunWorld world)
    : Run(std::move(options), std::move(world)) {
    refuse_line_options(parts_->options.requests);
    open_files(results);
    parts_->follow(std::move(source));
}

Run::Run(std::unique_ptr<ResumableSource> source, NoFile, RunOptions options, RunWorld world)
    : Run(std::move(options), std::move(world)) {
    refuse_line_options(parts_->options.requests);
    parts_->replaces_trace = parts_->options.overwrite;
    check_trace(parts_->options, parts_->replaces_trace);
    parts_->follow(std::move(source));
}

Run::~Run() = default;

void Run::open_files(const std::string& results) {
    const RunOptions& options = parts_->options;
    parts_->replaces_trace = replaces_trace(options, results);
    check_trace(options, parts_->replaces_trace);
    parts_->files = results == "-"
                        ? RunFiles::standard_output()
                        : RunFiles::open(results, internal::settings_that_matter(options), files_options(options));
}

Run::Engine& Run::begin(bool takes_values) {
    engine_ = std::make_unique<Engine>(*parts_, takes_values);
    if (parts_->is_paused) engine_->runner.pause();
    for (; parts_->interruptions > 0; --parts_->interruptions) engine_->interrupt();
    return *engine_;
}

Task<RunEnd> Run::finish() & {
    if (engine_) {
        co_await drop_values();
    } else {
        Engine& engine = begin(false);
        co_await engine.carry_out();
    }
    PLAIT_ASSERT(engine_->has_ended(), "a run that was cancelled goes on as another one, over the same files");
    co_return engine_->end();
}

Task<void> Run::drop_values() {
    for (;;) {
        const std::optional<CallResult> dropped = co_await next();
        if (!dropped) co_return;
    }
}

Task<std::optional<CallResult>> Run::next() & {
    if (!engine_) begin(true).start_beside();
    if (!engine_->is_beside()) co_return std::nullopt;
    std::optional<CallResult> result = co_await parts_->values.next();
    if (result) co_return result;
    co_await engine_->join();
    engine_->end();  // throws its error
    co_return std::nullopt;
}

void Run::interrupt(std::string why) {
    if (engine_) {
        engine_->interrupt(std::move(why));
    } else {
        ++parts_->interruptions;
    }
}

bool Run::is_interrupted() const noexcept {
    return engine_ ? engine_->runner.is_interrupted() : parts_->interruptions > 0;
}

void Run::pause() {
    parts_->is_paused = true;
    if (engine_) engine_->runner.pause();
}

void Run::resume() {
    parts_->is_paused = false;
    if (engine_) engine_->runner.resume();
}

bool Run::is_paused() const noexcept { return parts_->is_paused; }

const std::string& Run::id() const noexcept { return parts_->id(); }

bool Run::is_resumable() const noexcept { return parts_->journal() != nullptr; }

RunReport Run::report() { return engine_ ? engine_->report() : RunReport(); }

RunNumbers Run::numbers() const {
    RunNumbers numbers;
    if (!engine_) return numbers;
    const Runner& runner = engine_->runner;
    numbers.tally = runner.tally();
    numbers.counts = runner.counts();
    numbers.elapsed = runner.elapsed();
    numbers.first_unknown = runner.first_unknown();
    numbers.remarks = runner.remarks();
    return numbers;
}

std::optional<std::string> Run::stop_reason() const { return engine_ ? engine_->runner.stop_reason() : std::nullopt; }

bool Run::is_budget_used_up() const noexcept { return engine_ && engine_->runner.is_budget_used_up(); }

std::size_t Run::in_flight() const noexcept { return engine_ ? engine_->runner.in_flight() : 0; }

std::vector<CallInFlight> Run::oldest_in_flight(std::size_t most) const {
    return engine_ ? engine_->runner.oldest_in_flight(most) : std::vector<CallInFlight>();
}

std::vector<LoopHandle> Run::worker_loops() const { return parts_->method->worker_loops(); }

EventLoopOptions Run::loop_options() const {
    EventLoopOptions options;
    if (parts_->trace) options.recorder = &parts_->trace->recorder();
    return options;
}

StopRequest& Run::stop_request() noexcept { return parts_->stop; }

StatusRequest& Run::status_request() noexcept { return parts_->status; }

}  // namespace plait::batch
