#include "run/batch_run.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/sources/open_source.hpp"

#include "core/hooked_method.hpp"
#include "run/run_report.hpp"
#include "run/run_result.hpp"
#include "values/options.hpp"
#include <random>
#include <utility>

namespace plait::python {

namespace {

/// After this time at the latest, a signal's handler runs, and an interruption of another thread is obeyed.
constexpr std::chrono::milliseconds patience(100);

}  // namespace

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

/// What a function of the program has thrown for the call of this line; no object: nothing.
nb::object BatchRun::cause_of(std::uint64_t line) {
    const auto cause = causes_.extract(line);
    return cause ? nb::borrow(cause.mapped().get()) : nb::object();
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

nb::object BatchRun::result_of(batch::CallResult result) {
    nb::object cause = cause_of(result.line());
    return make_run_result(nb::borrow(result_type_.get()), std::move(result), std::move(cause));
}

nb::dict BatchRun::standing() {
    nb::dict fields = report_fields(driver_ ? driver_->standing() : RunStanding());
    if (driver_ && driver_->error()) fields["end"] = "failed";
    return fields;
}

}  // namespace plait::python
