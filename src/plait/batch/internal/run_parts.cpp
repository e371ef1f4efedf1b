#include "plait/batch/internal/run_parts.hpp"

#include "plait/batch/method/open_trace.hpp"
#include "plait/batch/output/body_files.hpp"
#include "plait/batch/resume/run_id.hpp"
#include "plait/http/body/body_memory.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <random>
#include <string_view>

namespace plait::batch {

namespace {

/// Lets the session save large bodies in `folder`.
void save_bodies(http::SessionOptions& session, http::BodyFolder folder) {
    prepare_body_folder(folder.path);
    // A limit that was chosen holds for both; the usual one is about memory.
    if (session.limits.body_bytes != http::Limits().body_bytes) folder.most_bytes = session.limits.body_bytes;
    const std::size_t limit = session.body_memory ? session.body_memory->limit() : http::default_body_memory();
    session.body_memory = std::make_shared<http::BodyMemory>(limit, std::move(folder));
}

AttemptOwner owner_of(const Call& call, const CallRules& rules, const http::Request& request) {
    AttemptOwner owner;
    owner.line = call.line;
    if (call.rules.safe_to_repeat) return owner;
    owner.unsafe_call = call.custom_id;
    owner.may_repeat = rules.safe_to_repeat;
    owner.is_first = !owner.may_repeat && request.url.text() == call.request.url.text() &&
                     request.body == call.request.body && request.body_parts == call.request.body_parts;
    return owner;
}

/// The results that exist.
Tally tally_of(const RunFiles& files) {
    Tally tally;
    for (std::size_t n = 0; n < outcome_count; ++n) tally.done_before(static_cast<Outcome>(n), files.outcomes()[n]);
    return tally;
}

}  // namespace

const std::string& Run::Parts::id() const noexcept {
    static const std::string none;
    return files ? files->run_id() : none;
}

void Run::Parts::follow(std::unique_ptr<ResumableSource> opened) {
    raise_descriptor_limit(options);
    source = std::move(opened);
    if (files) files->follow(*source);
    if (!options.trace.empty()) open_trace();
    if (!options.auth_command.empty()) {
        auth.emplace(options.auth_command, [this](std::string_view value) { secrets().add("auth-command", value); });
    }
    if (options.cookies || !options.cookie_jar.empty()) cookies.emplace(*world.calendar);
    if (!options.cookie_jar.empty()) cookie_file.emplace(options.cookie_jar, *cookies);
    // One for all, also for pages that were received.
    if (!options.session.body_memory)
        options.session.body_memory = std::make_shared<http::BodyMemory>(http::default_body_memory());
    MethodOptions made_with = method_options();
    method = world.method ? std::move(world.method) : options.method->make(std::move(made_with));
    if (world.wrap_method) method = world.wrap_method(std::move(method));
}

void Run::Parts::open_trace() {
    const auto warn = [tell = options.warn](const std::string& trouble) {
        if (tell) tell(fmt::format("the trace ends here; the run continues: {}", trouble));
    };
    trace = batch::open_trace(options.trace, replaces_trace, "run", *options.method, concurrency_of(options), warn);
}

MethodOptions Run::Parts::method_options() {
    MethodOptions made_with;
    made_with.session = options.session;
    if (options.save_bodies) save_bodies(made_with.session, *options.save_bodies);
    made_with.concurrency = concurrency_of(options);
    made_with.stop = &stop;
    made_with.grace = options.grace;
    made_with.status = &status;
    made_with.trace = trace.get();
    made_with.cluster = options.cluster;
    made_with.run_id = id().empty() ? random_run_id() : id();
    if (journal() && options.cluster) made_with.epoch = journal()->count_opening();
    made_with.has_limits = !options.limits.empty();
    made_with.owner_of = owner_of;
    made_with.warn = options.warn;
    return made_with;
}

RunnerOptions Run::Parts::runner_options() {
    RunnerOptions runner;
    CallerOptions& calls = runner.calls;
    calls.concurrency = concurrency_of(options);
    calls.adaptive_concurrency = !options.concurrency;
    calls.concurrency_per_origin = options.concurrency_per_origin;
    calls.limits = options.limits;
    calls.departure_jitter = options.method->departure_jitter;
    calls.retry = options.retry;
    calls.retry_budget = options.retry_budget;
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
    calls.is_resumable = journal() != nullptr;
    runner.read_ahead = options.read_ahead;
    runner.ordered = options.ordered;
    runner.result_format = options.result_format;
    runner.durable_bodies = options.durable;
    runner.grace = options.grace;
    runner.seed = world.seed ? *world.seed : std::random_device()();
    return runner;
}

RunnerParts Run::Parts::runner_parts(bool takes_values) {
    RunnerParts parts;
    if (takes_values) parts.values = &values;
    parts.auth = auth ? &*auth : nullptr;
    parts.cookies = cookies ? &*cookies : nullptr;
    parts.secrets = &secrets();
    parts.calendar = world.calendar;
    parts.warn = options.warn;
    parts.wants_retry = world.wants_retry;
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

}  // namespace plait::batch
