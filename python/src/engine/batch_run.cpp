#include "batch_run.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/requests/open_source.hpp"
#include "plait/batch/run.hpp"

#include "engine.hpp"
#include "errors.hpp"
#include "response.hpp"
#include "run_driver.hpp"
#include "run_items.hpp"
#include "run_options.hpp"
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace plait::python {

namespace {

/// After this time at the latest, a signal's handler runs, and an interruption of another thread is obeyed.
constexpr std::chrono::milliseconds patience(100);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// A call that has ended, as `make_response` takes it.
class EndedCall final : public Caller {
  public:
    EndedCall(http::Request request_, http::Response response_, Duration elapsed_) {
        request = std::make_unique<http::Request>(std::move(request_));
        response = std::make_unique<http::Response>(std::move(response_));
        elapsed = elapsed_;
    }
    void on_end() noexcept override {}
};

Duration time_of(const std::vector<batch::AttemptNote>& attempts) {
    if (attempts.empty()) return {};
    return attempts.back().start + attempts.back().total - attempts.front().start;
}

nb::object request_of(const http::Request& request) {
    return python_name("plait._messages", "sent_request")(request.method(), request.url.text(),
                                                          list_of(request.headers), to_bytes(request.body));
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
    void drop() noexcept;
    void see_to_python();
    void wind_up(nb::object reason);
    void wait();
    void wait_until_over();
    [[noreturn]] void raise_reason();
    void raise_error();
    nb::dict standing();
    nb::object result_of(batch::CallResult result) const;

    RunItems::Shared items_;
    Held result_type_;
    Held log_;
    Held reason_;  ///< why the run ends early, to be raised at its end
    std::unique_ptr<RunDriver> driver_;
    int generation_;
    bool is_busy_ = false;
    bool was_told_ = false;  ///< of the error, by `next`
    bool is_closed_ = false;
    std::atomic<int> asked_ = 0;  ///< to interrupt it
    int obeyed_ = 0;
};

BatchRun::BatchRun(const nb::object& requests, const std::optional<std::string>& results, const nb::dict& options)
    : driver_(std::make_unique<RunDriver>()), generation_(process_generation()) {
    RunSettings settings = run_settings_from(options);
    settings.run.warn = [driver = driver_.get()](const std::string& sentence) { driver->warn(sentence); };
    result_type_.set(python_name("plait._run", "RunResult"));
    log_.set(python_name("plait._run", "log_warning"));
    open(requests, results, std::move(settings));
    for (const std::string& sentence : driver_->take_warnings()) nb::borrow(log_.get())(sentence);
}

void BatchRun::open(const nb::object& requests, const std::optional<std::string>& results, RunSettings settings) {
    if (PyUnicode_Check(requests.ptr())) {
        auto name = nb::cast<std::string>(requests);
        const nb::gil_scoped_release released;  // a large file takes seconds
        if (results) {
            settings.run.requests = std::move(settings.requests);
            driver_->open(std::make_unique<batch::Run>(std::move(name), *results, std::move(settings.run)));
        } else {
            auto source = batch::open_source({std::move(name)}, std::move(settings.requests));
            driver_->open(std::make_unique<batch::Run>(std::move(source), batch::no_file, std::move(settings.run)));
        }
        return;
    }
    PyObject* const iterator = PyObject_GetIter(requests.ptr());
    if (!iterator) nb::raise_python_error();
    items_.iterator.set(nb::steal(iterator));
    items_.line_of.set(python_name("plait._lines", "line_of"));
    std::optional<std::uint64_t> total;
    if (PySequence_Check(requests.ptr())) {
        const Py_ssize_t size = PySequence_Size(requests.ptr());
        if (size < 0) {
            PyErr_Clear();
        } else {
            total = static_cast<std::uint64_t>(size);
        }
    }
    auto source = std::make_unique<RunItems>(items_, std::move(settings.requests), total);
    const nb::gil_scoped_release released;
    driver_->open(results ? std::make_unique<batch::Run>(std::move(source), *results, std::move(settings.run))
                          : std::make_unique<batch::Run>(std::move(source), batch::no_file, std::move(settings.run)));
}

void BatchRun::drop() noexcept {
    if (!driver_) return;
    if (generation_ == process_generation()) {
        driver_.reset();
    } else {
        static_cast<void>(driver_.release());  // its sockets and files are the parent's
    }
}

/// Ends the run early, in order; again: at once.
void BatchRun::wind_up(nb::object reason) {
    if (!reason_) reason_.set(std::move(reason));
    driver_->drop_values();
    driver_->interrupt();
}

void BatchRun::see_to_python() {
    for (const std::string& sentence : driver_->take_warnings()) nb::borrow(log_.get())(sentence);
    if (PyErr_CheckSignals() != 0) wind_up(taken_exception());
    if (items_.broken && !reason_) wind_up(nb::borrow(items_.broken.get()));
    for (; obeyed_ < asked_; ++obeyed_) driver_->interrupt();
}

void BatchRun::wait() {
    {
        const nb::gil_scoped_release released;
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

nb::object BatchRun::next() {
    const Busy busy(*this);
    if (was_told_ || is_closed_ || !driver_) return {};
    if (!driver_->has_begun()) driver_->begin(true);
    {
        const nb::gil_scoped_release released;
        driver_->keep_going();
    }
    see_to_python();
    for (;;) {
        if (reason_) raise_reason();
        if (driver_->has_values()) return result_of(driver_->take());
        if (driver_->is_over()) break;
        wait();
    }
    raise_error();
    return {};
}

nb::dict BatchRun::finish() {
    const Busy busy(*this);
    if (is_closed_ || !driver_) return standing();
    if (driver_->has_begun()) {
        driver_->drop_values();
    } else {
        const nb::gil_scoped_release released;
        driver_->begin(false);
    }
    see_to_python();
    wait_until_over();
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
    driver_->drop_values();
    driver_->interrupt();
    driver_->interrupt();
    wait_until_over();
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

nb::object BatchRun::result_of(batch::CallResult result) const {
    const batch::CallEnd& end = result.end;
    const Duration elapsed = time_of(end.attempts);
    nb::object error = nb::none();
    nb::object response = nb::none();
    nb::object request = nb::none();
    auto* const call = std::get_if<batch::Call>(&result.item);
    if (call && (!end.response || end.error)) request = request_of(call->request);
    if (end.error) {
        const Failure failure(end.error->code, end.error->message, end.error->maybe_sent);
        error = error_of(failure, request.is_none() ? nullptr : request.ptr());
    }
    const std::string metadata =
        call ? std::move(call->metadata) : std::move(std::get<batch::BadLine>(result.item).metadata);
    const std::string custom_id = result.custom_id();
    const std::uint64_t line = result.line();
    if (call && end.response) {
        EndedCall ended(std::move(call->request), std::move(*result.end.response), elapsed);
        response = make_response(ended, request.is_none() ? nullptr : request.ptr());
    }
    return nb::borrow(result_type_.get())(line, to_str(custom_id), to_str(to_string(end.outcome)), request, response,
                                          error, end.attempts.size(), seconds(elapsed), to_str(metadata));
}

int BatchRun::traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (!nb::inst_ready(self)) return 0;
    const auto* run = nb::inst_ptr<BatchRun>(self);
    Py_VISIT(run->items_.iterator.get());
    Py_VISIT(run->items_.line_of.get());
    Py_VISIT(run->items_.broken.get());
    Py_VISIT(run->result_type_.get());
    Py_VISIT(run->log_.get());
    Py_VISIT(run->reason_.get());
    return 0;
}

int BatchRun::clear(PyObject* self) {
    auto* run = nb::inst_ptr<BatchRun>(self);
    run->drop();
    run->items_.iterator.clear();
    run->items_.line_of.clear();
    run->items_.broken.clear();
    run->result_type_.clear();
    run->log_.clear();
    run->reason_.clear();
    return 0;
}

PyObject* next_slot(PyObject* self) noexcept {
    try {
        return nb::inst_ptr<BatchRun>(self)->next().release().ptr();
    } catch (...) {
        set_python_error();
        return nullptr;
    }
}

PyObject* self_slot(PyObject* self) { return Py_NewRef(self); }

}  // namespace

void register_batch_run(nb::module_& module) {
    static PyType_Slot slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(&BatchRun::traverse)},
                                  {Py_tp_clear, reinterpret_cast<void*>(&BatchRun::clear)},
                                  {Py_tp_iter, reinterpret_cast<void*>(&self_slot)},
                                  {Py_tp_iternext, reinterpret_cast<void*>(&next_slot)},
                                  {0, nullptr}};
    nb::class_<BatchRun>(module, "BatchRun", nb::type_slots(slots), nb::is_weak_referenceable(), nb::dynamic_attr())
        .def(nb::init<const nb::object&, const std::optional<std::string>&, const nb::dict&>(), nb::arg("requests"),
             nb::arg("results").none(), nb::arg("options"))
        .def("_finish", &BatchRun::finish)
        .def("_close", &BatchRun::close)
        .def("_interrupt", &BatchRun::interrupt)
        .def("_report", &BatchRun::report);
}

}  // namespace plait::python
