#pragma once

#include "plait/batch/call/call.hpp"
#include "plait/batch/call/call_result.hpp"
#include "plait/batch/call/secrets.hpp"
#include "plait/batch/run.hpp"

#include "core/engine.hpp"
#include "hooks/callbacks.hpp"
#include "run/run_driver.hpp"
#include "run/run_items.hpp"
#include "run/run_options.hpp"
#include "values/errors.hpp"
#include "values/python.hpp"
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace plait::python {

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
    nb::object cause_of(std::uint64_t line);
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

void register_batch_run(nb::module_& module);

}  // namespace plait::python
