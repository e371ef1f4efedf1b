#include "run/batch_run.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/answer/expectation.hpp"
#include "plait/batch/call/secrets.hpp"
#include "plait/batch/run.hpp"
#include "plait/batch/sources/open_source.hpp"

#include "core/engine.hpp"
#include "core/hooked_method.hpp"
#include "hooks/callbacks.hpp"
#include "run/run_driver.hpp"
#include "run/run_items.hpp"
#include "run/run_options.hpp"
#include "values/errors.hpp"
#include "values/options.hpp"
#include "values/response.hpp"
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace plait::python {

namespace {

/// After this time at the latest, a signal's handler runs, and an interruption of another thread is obeyed.
constexpr std::chrono::milliseconds patience(100);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Duration time_of(const std::vector<batch::AttemptNote>& attempts) {
    if (attempts.empty()) return {};
    return attempts.back().start + attempts.back().total - attempts.front().start;
}

nb::dict outcomes_of(const batch::Tally& tally) {
    nb::dict outcomes;
    for (std::size_t n = 0; n < batch::outcome_count; ++n) {
        const auto outcome = static_cast<batch::Outcome>(n);
        outcomes[to_str(to_string(outcome))] = tally.count(outcome);
    }
    return outcomes;
}

const char* name_of(batch::RunEnd end) {
    switch (end) {
        case batch::RunEnd::finished:
            return "finished";
        case batch::RunEnd::interrupted:
            return "interrupted";
        case batch::RunEnd::stopped:
        case batch::RunEnd::unread:
            break;
    }
    return "stopped";
}

nb::dict latency_of(const batch::LatencyHistogram& latencies) {
    nb::dict latency;
    latency["p50"] = seconds(latencies.quantile(0.5));
    latency["p90"] = seconds(latencies.quantile(0.9));
    latency["p99"] = seconds(latencies.quantile(0.99));
    latency["max"] = seconds(latencies.longest());
    return latency;
}

/// The arguments of `plait.Report`.
nb::dict fields_of(const RunStanding& standing) {
    const batch::Tally& tally = standing.numbers.tally;
    nb::dict fields = outcomes_of(tally);
    fields["total"] = standing.report.total;
    fields["done"] = tally.done_in_all();
    fields["retries"] = standing.numbers.counts.retries;
    fields["elapsed"] = seconds(standing.numbers.elapsed);
    fields["end"] = standing.end ? nb::cast(name_of(*standing.end)) : nb::none();
    fields["stop_reason"] = standing.stop_reason;
    nb::dict costs;
    for (const batch::ReportedCost& cost : standing.report.costs) costs[to_str(cost.unit)] = cost.spent;
    fields["costs"] = costs;
    nb::dict errors;
    for (const auto& [code, count] : tally.errors()) errors[to_str(to_string(code))] = count;
    fields["errors"] = errors;
    fields["latency"] = latency_of(tally.latencies());
    fields["unknown_ids"] = standing.numbers.first_unknown;
    return fields;
}

/// The base of `plait.Run`: the run, and what Python has to do with it.
///
/// It waits without Python's lock. What ends it early, a signal's exception or one of the iterable, is kept until the
/// run has ended in order, and raised then.
class BatchRun {
  public:
    BatchRun(const nb::object& requests, const std::optional<std::string>& results, const nb::dict& options);
    BatchRun(const BatchRun&) = delete;
    BatchRun& operator=(const BatchRun&) = delete;
    ~BatchRun() { drop(); }

    nb::object next();
    nb::dict finish();

    // In an event loop, which watches the descriptor that `begin` returns.
    int begin(bool keeps_values);
    void turn();
    nb::list take_all();
    void drop_values();
    void give_up();
    bool is_over() const noexcept { return !driver_ || (driver_->is_over() && !driver_->has_values()); }
    nb::dict conclude();
    void more_came();

    void set_tick(nb::object tick) { tick_.set(std::move(tick)); }
    void close();
    void interrupt() noexcept { ++asked_; }
    nb::dict report();

    static int traverse(PyObject* self, visitproc visit, void* arg);
    static int clear(PyObject* self);

  private:
    class Busy {
      public:
        explicit Busy(BatchRun& run) : run_(run) {
            if (run.generation_ != process_generation())
                raise(error_named("WrongLoop", "this run was begun by the process from which this one was forked"));
            if (run.is_busy_)
                raise(PyExc_RuntimeError, "a run is used by one thread at a time, and not by its own iterable");
            run_.is_busy_ = true;
        }
        Busy(const Busy&) = delete;
        Busy& operator=(const Busy&) = delete;
        ~Busy() { run_.is_busy_ = false; }

      private:
        BatchRun& run_;
    };

    void open(const nb::object& requests, const std::optional<std::string>& results, RunSettings settings);
    batch::RunWorld world_with_callbacks(const nb::dict& options);
    std::string note_thrown(const batch::Call& call, const std::exception_ptr& thrown, const char* by);
    void drop_values_of_driver();
    void set_cause(const nb::object& error, std::uint64_t line);
    void drop() noexcept;
    void see_to_python();
    void tick();
    void check_blocking() const;
    void wind_up(nb::object reason);
    void wait();
    void wait_until_over();
    [[noreturn]] void raise_reason();
    void raise_error();
    nb::dict standing();
    nb::object result_of(batch::CallResult result);

    RunItems::Shared items_;
    Held result_type_;
    Held log_;
    Held tick_;  ///< called with the standing now and then; null: nobody wants to know
    std::chrono::steady_clock::time_point last_tick_;
    Held reason_;  ///< why the run ends early, to be raised at its end
    Callbacks callbacks_;
    batch::RunWorld world_;                 ///< with which the run is opened
    Held break_;                            ///< what one of them has thrown that must end the run: KeyboardInterrupt
    std::map<std::uint64_t, Held> causes_;  ///< what they have thrown, by the line of their call, until it is taken
    bool keeps_causes_ = false;             ///< results are taken
    batch::Secrets secrets_;                ///< of requests that come from an iterable; the run redacts them
    std::unique_ptr<RunDriver> driver_;
    int generation_;
    bool is_busy_ = false;
    bool was_told_ = false;  ///< of the error, by `next`
    bool is_closed_ = false;
    bool is_in_host_ = false;     ///< an event loop runs it
    std::atomic<int> asked_ = 0;  ///< to interrupt it
    int obeyed_ = 0;
};

BatchRun::BatchRun(const nb::object& requests, const std::optional<std::string>& results, const nb::dict& options)
    : callbacks_(options), driver_(std::make_unique<RunDriver>()), generation_(process_generation()) {
    RunSettings settings = run_settings_from(options);
    if (!settings.run.trace.empty()) driver_->set_traced();
    world_ = world_with_callbacks(options);
    items_.line_of.set(nb::borrow(options["line_of"]));
    settings.run.warn = [driver = driver_.get()](const std::string& sentence) { driver->warn(sentence); };
    result_type_.set(python_name("plait._run", "RunResult"));
    log_.set(python_name("plait._run", "log_warning"));
    open(requests, results, std::move(settings));
    for (const std::string& sentence : driver_->take_warnings()) nb::borrow(log_.get())(sentence);
}

batch::RunWorld BatchRun::world_with_callbacks(const nb::dict& options) {
    batch::RunWorld world;
    if (PythonJudge* const judge = callbacks_.judge()) {
        world.wants_retry = [this, judge](const batch::EndedAttempt& ended) -> std::optional<bool> {
            try {
                return judge->wants_retry(ended);
            } catch (...) {
                std::string text = note_thrown(ended.call, std::current_exception(), "the function when");
                ended.attempt = failed_by_program(std::move(text), std::move(ended.attempt));
                return std::nullopt;
            }
        };
    }
    if (!callbacks_.hooks()) return world;
    const std::shared_ptr<void> context = shared(nb::borrow(options["context"]));
    world.wrap_method = [this, context](std::unique_ptr<batch::Method> method) -> std::unique_ptr<batch::Method> {
        return std::make_unique<HookedMethod>(
            std::move(method), *callbacks_.hooks(), [context](const batch::Call&) { return context; },
            [this](const batch::Call& call, const std::exception_ptr& thrown) {
                return note_thrown(call, thrown, "a hook");
            });
    };
    return world;
}

/// What a function of the program has thrown is the error of its call; what is no `Exception` ends the run, too.
std::string BatchRun::note_thrown(const batch::Call& call, const std::exception_ptr& thrown, const char* by) {
    const Locked locked;
    const std::string what = std::string(by) + " has failed";
    try {
        std::rethrow_exception(thrown);
    } catch (nb::python_error& error) {
        if (PyErr_GivenExceptionMatches(error.type().ptr(), PyExc_Exception) == 0)
            break_.set(nb::borrow(error.value()));
        if (keeps_causes_) causes_[call.line].set(nb::borrow(error.value()));
        const nb::object text = nb::steal(PyObject_Repr(error.value().ptr()));
        if (text.is_valid()) return what + ": " + nb::cast<std::string>(text);
        PyErr_Clear();
    } catch (const std::exception& error) {
        return what + ": " + error.what();
    }
    return what;
}

void BatchRun::open(const nb::object& requests, const std::optional<std::string>& results, RunSettings settings) {
    if (PyUnicode_Check(requests.ptr())) {
        auto name = nb::cast<std::string>(requests);
        const Unlocked released;  // a large file takes seconds
        if (results) {
            settings.run.requests = std::move(settings.requests);
            driver_->open(
                std::make_unique<batch::Run>(std::move(name), *results, std::move(settings.run), std::move(world_)));
        } else {
            auto source = batch::open_source({std::move(name)}, std::move(settings.requests));
            driver_->open(std::make_unique<batch::Run>(std::move(source), batch::no_file, std::move(settings.run),
                                                       std::move(world_)));
        }
        return;
    }
    PyObject* const iterator = PyObject_GetIter(requests.ptr());
    if (!iterator) nb::raise_python_error();
    items_.iterator.set(nb::steal(iterator));
    if (nb::hasattr(requests, "nothing_yet")) items_.nothing_yet.set(requests.attr("nothing_yet"));
    std::optional<std::uint64_t> total;
    if (PySequence_Check(requests.ptr())) {
        const Py_ssize_t size = PySequence_Size(requests.ptr());
        if (size < 0) {
            PyErr_Clear();
        } else {
            total = static_cast<std::uint64_t>(size);
        }
    }
    items_.retry_statuses = std::move(settings.retry_statuses);
    settings.requests.secrets = &secrets_;
    settings.run.requests.secrets = &secrets_;
    auto source = std::make_unique<RunItems>(items_, std::move(settings.requests), total);
    RunItems& items = *source;  // the run owns it
    const Unlocked released;
    auto run =
        results ? std::make_unique<batch::Run>(std::move(source), *results, std::move(settings.run), std::move(world_))
                : std::make_unique<batch::Run>(std::move(source), batch::no_file, std::move(settings.run),
                                               std::move(world_));
    items.set_key_seed(run->id().empty() ? std::to_string(std::random_device()()) : run->id());
    driver_->open(std::move(run));
}

void BatchRun::drop() noexcept {
    if (!driver_) return;
    if (generation_ == process_generation()) {
        driver_.reset();
    } else {
        static_cast<void>(driver_.release());  // its sockets and files are the parent's
    }
}

void BatchRun::drop_values_of_driver() {
    driver_->drop_values();
    keeps_causes_ = false;
    const auto dropped = std::move(causes_);  // whose destructors may run code of the program
    causes_.clear();
}

/// The error of a call for which a function of the program has thrown has that as its `__cause__`.
void BatchRun::set_cause(const nb::object& error, std::uint64_t line) {
    const auto cause = causes_.extract(line);
    if (cause) PyException_SetCause(error.ptr(), nb::borrow(cause.mapped().get()).release().ptr());
}

/// Ends the run early, in order; again: at once.
void BatchRun::wind_up(nb::object reason) {
    if (!reason_) reason_.set(std::move(reason));
    drop_values_of_driver();
    driver_->interrupt();
}

void BatchRun::see_to_python() {
    for (const std::string& sentence : driver_->take_warnings()) nb::borrow(log_.get())(sentence);
    if (PyErr_CheckSignals() != 0) wind_up(taken_exception());
    tick();
    if (items_.broken && !reason_) wind_up(nb::borrow(items_.broken.get()));
    if (break_ && !reason_) wind_up(nb::borrow(break_.get()));
    for (; obeyed_ < asked_; ++obeyed_) driver_->interrupt();
}

/// Tells how the run stands, at most ten times a second.
void BatchRun::tick() {
    if (!tick_ || reason_ || std::chrono::steady_clock::now() - last_tick_ < patience) return;
    last_tick_ = std::chrono::steady_clock::now();
    try {
        nb::borrow(tick_.get())(standing());
    } catch (nb::python_error& error) {
        error.restore();
        wind_up(taken_exception());
    }
}

void BatchRun::wait() {
    {
        const Unlocked released;
        driver_->advance(patience);
    }
    see_to_python();
}

void BatchRun::wait_until_over() {
    while (!driver_->is_over()) wait();
}

void BatchRun::raise_reason() {
    wait_until_over();
    was_told_ = true;
    raise(nb::borrow(reason_.get()));
}

void BatchRun::raise_error() {
    if (!driver_->error()) return;
    was_told_ = true;
    std::rethrow_exception(driver_->error());
}

void BatchRun::check_blocking() const {
    if (is_in_host_) raise(PyExc_RuntimeError, "this run is in an event loop: use 'async for', or await afinish()");
    if (items_.nothing_yet && driver_ && !driver_->has_begun())
        raise(PyExc_TypeError, "the requests are an asynchronous iterable: use 'async for', or await afinish()");
}

int BatchRun::begin(bool keeps_values) {
    const Busy busy(*this);
    if (is_closed_ || !driver_) raise(PyExc_RuntimeError, "this run is closed");
    if (driver_->has_begun()) raise(PyExc_RuntimeError, "this run was begun without an event loop: go on without one");
    is_in_host_ = true;
    keeps_causes_ = keeps_values;
    driver_->begin(keeps_values);
    see_to_python();
    return driver_->fd();
}

void BatchRun::turn() {
    if (is_busy_ || !driver_ || generation_ != process_generation()) return;
    const Busy busy(*this);
    driver_->turn();
    see_to_python();
}

nb::list BatchRun::take_all() {
    const Busy busy(*this);
    nb::list results;
    while (driver_ && driver_->has_values()) results.append(result_of(driver_->take()));
    if (driver_) driver_->run_ready();  // the run may have waited for that
    return results;
}

void BatchRun::drop_values() {
    const Busy busy(*this);
    if (!driver_) return;
    drop_values_of_driver();
    driver_->run_ready();
}

void BatchRun::give_up() {
    const Busy busy(*this);
    is_closed_ = true;
    if (!driver_) return;
    drop_values_of_driver();
    driver_->interrupt();
    driver_->interrupt();
}

nb::dict BatchRun::conclude() {
    const Busy busy(*this);
    if (driver_) driver_->let_go();
    if (items_.broken && !reason_) reason_.set(nb::borrow(items_.broken.get()));
    if (reason_ && !was_told_) raise_reason();
    if (driver_ && !was_told_) raise_error();
    return standing();
}

/// The asynchronous iterable has another item, or has ended.
void BatchRun::more_came() {
    if (driver_ && driver_->has_begun() && generation_ == process_generation()) driver_->wake(items_.more);
}

nb::object BatchRun::next() {
    const Busy busy(*this);
    check_blocking();
    if (was_told_ || is_closed_ || !driver_) return {};
    if (!driver_->has_begun()) {
        keeps_causes_ = true;
        driver_->begin(true);
    }
    {
        const Unlocked released;
        driver_->keep_going();
    }
    see_to_python();
    for (;;) {
        if (reason_) raise_reason();
        if (driver_->has_values()) return result_of(driver_->take());
        if (driver_->is_over()) break;
        wait();
    }
    driver_->let_go();
    raise_error();
    return {};
}

nb::dict BatchRun::finish() {
    const Busy busy(*this);
    check_blocking();
    if (is_closed_ || !driver_) return standing();
    if (driver_->has_begun()) {
        drop_values_of_driver();
    } else {
        const Unlocked released;
        driver_->begin(false);
    }
    see_to_python();
    wait_until_over();
    driver_->let_go();
    if (reason_) raise_reason();
    raise_error();
    return standing();
}

void BatchRun::close() {
    if (is_closed_) return;
    const Busy busy(*this);
    is_closed_ = true;
    if (!driver_->has_begun()) return drop();
    if (driver_->is_over()) return;
    drop_values_of_driver();
    driver_->interrupt();
    driver_->interrupt();
    wait_until_over();
    driver_->let_go();
    if (reason_) raise_reason();
    raise_error();
}

nb::dict BatchRun::report() {
    const Busy busy(*this);
    return standing();
}

nb::dict BatchRun::standing() {
    nb::dict fields = fields_of(driver_ ? driver_->standing() : RunStanding());
    if (driver_ && driver_->error()) fields["end"] = "failed";
    return fields;
}

nb::object BatchRun::result_of(batch::CallResult result) {
    const batch::CallEnd& end = result.end;
    const Duration elapsed = time_of(end.attempts);
    nb::object error = nb::none();
    nb::object response = nb::none();
    nb::object request = nb::none();
    auto* const call = std::get_if<batch::Call>(&result.item);
    if (call && (!end.response || end.error)) request = sent_request(call->request);
    if (end.error) {
        const Failure failure(end.error->code, end.error->message, end.error->maybe_sent);
        error = error_of(failure, request.is_none() ? nullptr : request.ptr());
        set_cause(error, result.line());
    }
    const std::string metadata =
        call ? std::move(call->metadata) : std::move(std::get<batch::BadLine>(result.item).metadata);
    const std::string custom_id = result.custom_id();
    const std::uint64_t line = result.line();
    nb::list pages;
    for (http::Response& page : result.end.pages) {
        EndedCall ended(http::Request(call->request), std::move(page), elapsed, static_cast<int>(end.attempts.size()));
        const nb::object made = make_response(ended, request.is_none() ? nullptr : request.ptr());
        pages.append(made);
        if (end.last_is_page) response = made;  // of the last of them
    }
    if (call && end.response && !end.last_is_page) {
        EndedCall ended(std::move(call->request), std::move(*result.end.response), elapsed,
                        static_cast<int>(end.attempts.size()));
        response = make_response(ended, request.is_none() ? nullptr : request.ptr());
    }
    return nb::borrow(result_type_.get())(line, to_str(custom_id), to_str(to_string(end.outcome)), request, response,
                                          error, end.attempts.size(), seconds(elapsed), to_str(metadata), pages,
                                          end.has_more_pages);
}

int BatchRun::traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (!nb::inst_ready(self)) return 0;
    const auto* run = nb::inst_ptr<BatchRun>(self);
    Py_VISIT(run->items_.iterator.get());
    Py_VISIT(run->items_.line_of.get());
    Py_VISIT(run->items_.broken.get());
    Py_VISIT(run->items_.nothing_yet.get());
    Py_VISIT(run->tick_.get());
    Py_VISIT(run->result_type_.get());
    Py_VISIT(run->log_.get());
    Py_VISIT(run->reason_.get());
    Py_VISIT(run->break_.get());
    for (const auto& [line, cause] : run->causes_) Py_VISIT(cause.get());
    return run->callbacks_.traverse(visit, arg);
}

int BatchRun::clear(PyObject* self) {
    if (!nb::inst_ready(self)) return 0;
    auto* run = nb::inst_ptr<BatchRun>(self);
    run->drop();
    run->items_.iterator.clear();
    run->items_.line_of.clear();
    run->items_.broken.clear();
    run->items_.nothing_yet.clear();
    run->tick_.clear();
    run->result_type_.clear();
    run->log_.clear();
    run->reason_.clear();
    run->break_.clear();
    std::exchange(run->causes_, {}).clear();
    run->callbacks_.clear();
    return 0;
}

PyObject* next_slot(PyObject* self) noexcept {
    try {
        return instance_of<BatchRun>(self).next().release().ptr();
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyObject* self_slot(PyObject* self) { return Py_NewRef(self); }

}  // namespace

void register_batch_run(nb::module_& module) {
    module.def("check_expectation",
               [](const std::string& json) { static_cast<void>(batch::Expectation::parse(json)); });
    static PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(&BatchRun::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&BatchRun::clear)},
                                  {Py_tp_iter, reinterpret_cast<void*>(&self_slot)},
                                  {Py_tp_iternext, reinterpret_cast<void*>(&next_slot)},
                                  {0, nullptr}};
    nb::class_<BatchRun>(module, "BatchRun", nb::type_slots(slots), nb::is_weak_referenceable())
        .def(nb::init<const nb::object&, const std::optional<std::string>&, const nb::dict&>(), nb::arg("requests"),
             nb::arg("results").none(), nb::arg("options"))
        .def("_finish", &BatchRun::finish)
        .def("_begin", &BatchRun::begin)
        .def("_turn", &BatchRun::turn)
        .def("_take_all", &BatchRun::take_all)
        .def("_drop_values", &BatchRun::drop_values)
        .def("_give_up", &BatchRun::give_up)
        .def("_conclude", &BatchRun::conclude)
        .def("_more_came", &BatchRun::more_came)
        .def("_set_tick", &BatchRun::set_tick)
        .def_prop_ro("_is_over", &BatchRun::is_over)
        .def("_close", &BatchRun::close)
        .def("_interrupt", &BatchRun::interrupt)
        .def("_report", &BatchRun::report);
}

}  // namespace plait::python
