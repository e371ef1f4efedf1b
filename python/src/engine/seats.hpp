#pragma once

#include "engine.hpp"
#include "python.hpp"
#include "settings.hpp"
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace plait::python {

/// Engines for threads that block: each takes a seat for as long as it waits, and leaves its connections to the next.
///
/// There are as many as threads ever waited at the same time. The one that was left last is taken first.
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

        /// Waits until the loop has something to do, and does it; without Python's lock. Throws what a signal handler
        /// of Python throws, such as KeyboardInterrupt, and `SessionClosed`.
        void wait_and_turn();

        /// The same, but does not wait.
        void turn();

      private:
        void check() const;

        struct Place;
        friend class Seats;
        Seats& seats_;
        std::unique_ptr<Place> place_;
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

}  // namespace plait::python
