#pragma once

#include "plait/base/unique_fd.hpp"

#include "core/engine.hpp"
#include "values/python.hpp"
#include "values/settings.hpp"
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace plait::python {

/// Engines for threads that block: each takes a seat for as long as it waits, and leaves its connections to the next.
///
/// There are as many as threads ever waited at the same time. The one that was left last is taken first.
///
/// A session with retries, limits or hooks has only one engine, because limits are of all threads together. It is used
/// with Python's lock: of the threads that wait, the first watches it, and makes its turns for all.
class Seats {
  public:
    explicit Seats(const Settings& settings);
    Seats(const Seats&) = delete;
    Seats& operator=(const Seats&) = delete;
    ~Seats();

    const Settings& settings() const noexcept { return settings_; }

    /// An engine that the caller has to itself.
    class Seat {
      public:
        /// Throws `SessionClosed`.
        explicit Seat(Seats& seats);
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;
        ~Seat();

        Engine& engine() const noexcept;

        /// An eventfd that ends a wait; -1: the engine is the caller's own.
        int wake_up() const noexcept { return wake_up_.get(); }

        /// The right to use the engine. Of a shared one, only one thread has it at a time: a hook, which runs in a
        /// turn, may let other threads run.
        class [[nodiscard]] Use;
        /// Waits for it, without Python's lock. Throws RuntimeError in a hook of this engine.
        Use use();
        /// The same for who must not throw: has no right in a hook.
        Use use_unless_in_hook() noexcept;

        /// Waits until the loop has something to do, and does it; without Python's lock. Throws what a signal handler
        /// of Python throws, such as KeyboardInterrupt, and `SessionClosed`.
        void wait_and_turn();

        /// The same, but does not wait.
        void turn();

        /// The caller waits no more for the time being: another thread watches the engine.
        void step_down() noexcept;

        /// Gives up a call, and all that belongs to it.
        void give_up(Caller& caller) noexcept;

      private:
        void check() const;
        bool is_shared() const noexcept { return wake_up_.get() >= 0; }
        void wait_among_others();
        void acquire() noexcept;
        bool is_in_hook() const noexcept;
        void take_shared();
        void take_own();

        struct Place;
        friend class Seats;
        Seats& seats_;
        UniqueFd wake_up_;
        std::shared_ptr<Place> place_;
    };

    /// Ends the calls of all threads with `SessionClosed`.
    void close();

  private:
    struct Shared;

    void begin_anew_after_fork();

    Settings settings_;
    int generation_;
    std::unique_ptr<Shared> shared_;
};

class Seats::Seat::Use {
  public:
    explicit Use(Place* place) noexcept : place_(place) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();

    /// Whether the engine may be turned: it is the caller's own, or nobody else uses it.
    bool may_turn() const noexcept { return may_turn_; }

  private:
    friend class Seat;
    Use(Place* place, bool may_turn) noexcept : place_(place), may_turn_(may_turn) {}

    Place* place_;  ///< a shared one; null: there is nothing to give back
    bool may_turn_ = true;
};

}  // namespace plait::python
