#include "plait/batch/run.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/call/secrets.hpp"
#include "plait/batch/caller/auth_command.hpp"
#include "plait/batch/cookie_file.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/method/descriptor_limit.hpp"
#include "plait/batch/method/open_trace.hpp"
#include "plait/batch/output/body_files.hpp"
#include "plait/batch/output/result_queue.hpp"
#include "plait/batch/output/result_values.hpp"
#include "plait/batch/resume/row_settings.hpp"
#include "plait/batch/resume/run_files.hpp"
#include "plait/batch/resume/run_id.hpp"
#include "plait/batch/run/runner.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/status/run_monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <random>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace plait::batch {

namespace {

std::string joined(const auto& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
}

std::string_view name_of(BodyFormat format) {
    return std::find_if(body_formats.begin(), body_formats.end(),
                        [format](const auto& named) { return named.second == format; })
        ->first;
}

/// What the results mean depends on these, so a resumed run must have the same. They are named as the command's flags.
Settings settings_that_matter(const RunOptions& options) {
    const RequestDefaults& requests = options.requests;
    std::set<std::string_view> headers;
    for (const http::Header header : requests.headers) headers.emplace(header.name);
    Settings settings{{"--base-url", requests.base_url},
                      {"--header", joined(headers)},
                      {"--body", std::string(name_of(options.result_format.body))}};
    if (const auto* const format = find_batch_format(requests.format))
        settings.emplace_back("--format", std::string(format->name));
    if (!requests.model.empty()) settings.emplace_back("--model", requests.model);
    if (!requests.endpoint.empty()) settings.emplace_back("--endpoint", requests.endpoint);
    if (const auto* const format = find_batch_format(options.result_format.batch))
        settings.emplace_back("--result-format", std::string(format->name));
    if (requests.rows.are_given()) add_row_settings(requests.rows, settings);
    if (!requests.permitted_secrets.empty()) {
        std::set<std::string_view> names;
        for (const auto& [name, value] : requests.permitted_secrets) names.insert(name);
        settings.emplace_back("--secret", joined(names));
    }
    if (options.result_format.strict_json) settings.emplace_back("--strict-json", "on");
    if (!options.session.until_event.empty()) settings.emplace_back("--until-event", options.session.until_event);
    if (!options.session.decode) settings.emplace_back("--no-decode", "on");
    if (options.save_bodies) settings.emplace_back("--save-bodies", options.save_bodies->path);
    const http::RedirectOptions& redirects = options.redirects;
    if (redirects.most != http::RedirectOptions().most)
        settings.emplace_back("--max-redirects", fmt::to_string(redirects.most));
    if (options.cookies || !options.cookie_jar.empty()) settings.emplace_back("--cookies", "on");
    if (redirects.to_http) settings.emplace_back("--redirect-to-http", "on");
    if (const auto& credentials = options.session.credentials; credentials && !credentials->origins_text().empty())
        settings.emplace_back("--user", credentials->origins_text());
    if (options.follow) settings.emplace_back("--follow", options.follow->text());
    if (options.max_pages) settings.emplace_back("--max-pages", fmt::to_string(*options.max_pages));
    if (options.result_format.each_page) settings.emplace_back("--each-page", "on");
    // Requests that were sent without a key must not be sent again with one.
    if (requests.automatic_keys) settings.emplace_back("--idempotency-key", "auto");
    return settings;
}

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

RunnerOptions runner_options(const RunOptions& options, bool is_resumable, std::uint64_t seed) {
    RunnerOptions runner;
    CallerOptions& calls = runner.calls;
    calls.concurrency = concurrency_of(options);
    calls.adaptive_concurrency = !options.concurrency;
    calls.limits = options.limits;
    calls.departure_jitter = options.method->departure_jitter;
    calls.retry = options.retry;
    calls.deadline = options.deadline;
    calls.hedge = options.hedge;
    calls.redirects = options.redirects;
    calls.rules.budgets = options.budgets;
    calls.rules.stop_rules = options.stop_rules;
    calls.rules.canary = options.canary;
    calls.cost_from = options.cost_from;
    calls.refusals = options.refusals;
    calls.follow = options.follow;
    calls.max_pages = options.max_pages;
    calls.page_bytes = options.session.limits.body_bytes;
    calls.is_resumable = is_resumable;
    runner.read_ahead = options.read_ahead;
    runner.ordered = options.ordered;
    runner.result_format = options.result_format;
    runner.durable_bodies = options.durable;
    runner.grace = options.grace;
    runner.seed = seed;
    return runner;
}

/// Lets the session save large bodies in `folder`.
void save_bodies(http::SessionOptions& session, http::BodyFolder folder) {
    prepare_body_folder(folder.path);
    // A limit that was chosen holds for both; the usual one is about memory.
    if (session.limits.body_bytes != http::Limits().body_bytes) folder.most_bytes = session.limits.body_bytes;
    const std::size_t limit = session.body_memory ? session.body_memory->limit() : http::default_body_memory();
    session.body_memory = std::make_shared<http::BodyMemory>(limit, std::move(folder));
}

/// Closes the values when it goes, whatever the reason: whoever takes them must not wait for ever.
class ClosedAtTheEnd {
  public:
    explicit ClosedAtTheEnd(ResultValues& values) noexcept : values_(values) {}
    ClosedAtTheEnd(const ClosedAtTheEnd&) = delete;
    ClosedAtTheEnd& operator=(const ClosedAtTheEnd&) = delete;
    ~ClosedAtTheEnd() { values_.close(); }

  private:
    ResultValues& values_;
};

/// The results that exist.
Tally tally_of(const RunFiles& files) {
    Tally tally;
    for (std::size_t n = 0; n < outcome_count; ++n) tally.done_before(static_cast<Outcome>(n), files.outcomes()[n]);
    return tally;
}

std::size_t descriptors_beside(const RunOptions& options) {
    return options.page_url.empty() ? 0 : descriptors_of_a_page;
}

}  // namespace

std::size_t concurrency_of(const RunOptions& options) {
    const MethodEntry& method = *options.method;
    if (options.concurrency) return *options.concurrency;
    return calls_within_descriptors(max_adaptive_concurrency(method), method.descriptors_per_call,
                                    descriptors_beside(options));
}

/// What a run owns. The order matters: what stands further down refers to what stands above.
struct Run::Parts {
    Parts(RunOptions options_, RunWorld world_) : options(std::move(options_)), world(std::move(world_)) {}

    RunOptions options;
    RunWorld world;
    Secrets own_secrets;
    InputNotes own_notes;
    StopRequest stop;
    StatusRequest status;
    ResultValues values;
    std::unique_ptr<RunFiles> files;  ///< null: none
    std::unique_ptr<ResumableSource> source;
    bool replaces_trace = false;
    int interruptions = 0;  ///< before it began
    bool is_paused = false;
    std::unique_ptr<trace::TraceFile> trace;
    std::unique_ptr<Method> method;
    std::optional<AuthCommand> auth;
    std::optional<http::CookieJar> cookies;
    std::optional<CookieFile> cookie_file;

    Secrets& secrets() noexcept { return *options.requests.secrets; }
    Journal* journal() noexcept { return files ? files->journal() : nullptr; }

    RunnerParts runner_parts(bool takes_values);
};

RunnerParts Run::Parts::runner_parts(bool takes_values) {
    RunnerParts parts;
    if (takes_values) parts.values = &values;
    parts.auth = auth ? &*auth : nullptr;
    parts.cookies = cookies ? &*cookies : nullptr;
    parts.secrets = &secrets();
    parts.calendar = world.calendar;
    parts.page_memory = options.session.body_memory.get();
    parts.trace = trace.get();
    if (!files) return parts;
    parts.sink = &files->sink();
    parts.sends = files->journal();
    if (!options.limits.empty()) parts.limit_logs = files->remember_limits(*world.calendar);
    if (!options.repeat_unknown) parts.sent_before = &files->sent_before();
    parts.ids = std::move(files->ids());
    parts.done = tally_of(*files);
    if (files->journal()) parts.spent_before = files->journal()->spent_before();
    return parts;
}

/// A run while it is carried out, and what is left of it at its end.
class Run::Engine {
  public:
    Engine(Parts& parts, bool takes_values)
        : parts_(parts),
          runner(*parts.source, *parts.method,
                 runner_options(parts.options, parts.journal() != nullptr,
                                parts.world.seed ? *parts.world.seed : std::random_device()()),
                 parts.runner_parts(takes_values)),
          monitor_(runner, *parts.source, *parts.world.calendar, parts.options.page_url) {}

    /// Carries the run out in this task.
    Task<void> carry_out();

    /// Carries it out beside this task. The scope that starts it must not end before it.
    void start_beside() { beside_.emplace().start(carry_out_beside(), "run"); }
    bool is_beside() const noexcept { return beside_.has_value(); }
    Task<void> join();
    void interrupt();

    RunReport report() { return end_ ? last_report_ : monitor_.report(); }
    /// Returns how the run ended, or throws the error that it ended with.
    RunEnd end() const;
    bool has_ended() const noexcept { return end_ || error_; }

  private:
    Task<void> carry_out_beside();
    Task<void> work_beside();
    Task<void> keep_status(Journal& journal);
    Task<void> keep_spent(Journal& journal);
    void close_files();
    void save_cookies();

    Parts& parts_;

  public:
    Runner runner;

  private:
    RunMonitor monitor_;
    CancelScope beginning_;
    std::optional<RunEnd> end_;
    std::exception_ptr error_;
    RunReport last_report_;
    std::optional<TaskGroup> beside_;
};

Task<void> Run::Engine::carry_out() {
    TaskGroup beside;
    if (parts_.cookie_file) beside.start(parts_.cookie_file->keep(), "cookies");
    if (Journal* const journal = parts_.journal()) {
        beside.start(keep_status(*journal), "status");
        if (!parts_.options.budgets.empty()) beside.start(keep_spent(*journal), "budget");
    }
    beside.start(work_beside(), "method");
    try {
        co_await beginning_.run(parts_.method->begin());
        const RunEnd end = co_await runner.run();
        last_report_ = monitor_.last_report(end);
        end_ = end;
        close_files();
        co_await parts_.method->end();
    } catch (const Error&) {
        if (!error_) error_ = std::current_exception();
        if (!end_ && parts_.files) parts_.files->close();  // what is known of requests that were not sent
    }
    beside.cancel();
    co_await beside.join();
    save_cookies();
}

/// The method's own work. If it fails, no attempt can be made any more.
Task<void> Run::Engine::work_beside() {
    try {
        co_await parts_.method->work();
    } catch (const Error&) {
        if (!error_) error_ = std::current_exception();
        interrupt();
        interrupt();
    }
}

void Run::Engine::interrupt() {
    beginning_.cancel();
    runner.interrupt();
}

/// However the run ended; no earlier state of the cookies is written any more.
void Run::Engine::save_cookies() {
    try {
        if (parts_.cookie_file) parts_.cookie_file->save();
    } catch (const Error&) {
        if (!error_) error_ = std::current_exception();
    }
}

Task<void> Run::Engine::carry_out_beside() {
    const ClosedAtTheEnd closed(parts_.values);
    co_await carry_out();
}

// The group goes now, as it belongs to the task that made it.
Task<void> Run::Engine::join() {
    co_await beside_->join();
    beside_.reset();
}

RunEnd Run::Engine::end() const {
    if (error_) std::rethrow_exception(error_);
    return *end_;
}

void Run::Engine::close_files() {
    if (!parts_.files) return;
    if (Journal* const journal = parts_.journal()) {
        journal->set_spent(runner.spent());
        journal->set_status(to_json(last_report_));
    }
    parts_.files->close();
}

/// Stores how the run stands where `plait status` finds it.
Task<void> Run::Engine::keep_status(Journal& journal) {
    for (;;) {
        journal.set_status(to_json(monitor_.report()));
        co_await sleep_for(std::chrono::seconds(1));
    }
}

/// Stores what is spent as soon as results are, so that not even a killed run spends a budget twice.
Task<void> Run::Engine::keep_spent(Journal& journal) {
    for (;;) {
        journal.set_spent(runner.spent());
        co_await sleep_for(ResultQueue::longest_wait);
    }
}

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
    follow(open_source(std::move(requests), parts_->options.requests));
}

Run::Run(std::unique_ptr<ResumableSource> source, std::string results, RunOptions options, RunWorld world)
    : Run(std::move(options), std::move(world)) {
    refuse_line_options(parts_->options.requests);
    open_files(results);
    follow(std::move(source));
}

Run::Run(std::unique_ptr<ResumableSource> source, NoFile, RunOptions options, RunWorld world)
    : Run(std::move(options), std::move(world)) {
    refuse_line_options(parts_->options.requests);
    parts_->replaces_trace = parts_->options.overwrite;
    check_trace(parts_->options, parts_->replaces_trace);
    follow(std::move(source));
}

Run::~Run() = default;

void Run::open_files(const std::string& results) {
    const RunOptions& options = parts_->options;
    parts_->replaces_trace = replaces_trace(options, results);
    check_trace(options, parts_->replaces_trace);
    parts_->files = results == "-" ? RunFiles::standard_output()
                                   : RunFiles::open(results, settings_that_matter(options), files_options(options));
}

void Run::follow(std::unique_ptr<ResumableSource> source) {
    RunOptions& options = parts_->options;
    const std::size_t concurrency = concurrency_of(options);
    raise_descriptor_limit(concurrency, options.method->descriptors_per_call, descriptors_beside(options));
    parts_->source = std::move(source);
    if (parts_->files) parts_->files->follow(*parts_->source);
    if (!options.trace.empty()) {
        const auto warn = [tell = options.warn](const std::string& trouble) {
            if (tell) tell(fmt::format("the trace ends here; the run continues: {}", trouble));
        };
        parts_->trace = open_trace(options.trace, parts_->replaces_trace, "run", *options.method, concurrency, warn);
    }
    if (!options.auth_command.empty()) {
        parts_->auth.emplace(options.auth_command,
                             [this](std::string_view value) { parts_->secrets().add("auth-command", value); });
    }
    if (options.cookies || !options.cookie_jar.empty()) parts_->cookies.emplace(*parts_->world.calendar);
    if (!options.cookie_jar.empty()) parts_->cookie_file.emplace(options.cookie_jar, *parts_->cookies);
    // One for all, also for pages that were received.
    if (!options.session.body_memory)
        options.session.body_memory = std::make_shared<http::BodyMemory>(http::default_body_memory());
    MethodOptions method;
    method.session = options.session;
    if (options.save_bodies) save_bodies(method.session, *options.save_bodies);
    method.concurrency = concurrency;
    method.stop = &parts_->stop;
    method.grace = options.grace;
    method.status = &parts_->status;
    method.trace = parts_->trace.get();
    method.cluster = options.cluster;
    method.run_id = id().empty() ? random_run_id() : id();
    if (Journal* const journal = parts_->journal(); journal && options.cluster) method.epoch = journal->count_opening();
    method.has_limits = !options.limits.empty();
    method.warn = options.warn;
    parts_->method = parts_->world.method ? std::move(parts_->world.method) : options.method->make(std::move(method));
    if (parts_->world.wrap_method) parts_->method = parts_->world.wrap_method(std::move(parts_->method));
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

void Run::interrupt() {
    if (engine_) {
        engine_->interrupt();
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

const std::string& Run::id() const noexcept {
    static const std::string none;
    return parts_->files ? parts_->files->run_id() : none;
}

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
