#include "seats.hpp"

#include "plait/async/remote_call.hpp"

#include <poll.h>

#include "errors.hpp"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

namespace plait::python {

namespace {

/// Wakes a loop up, no more.
class WakeUp final : public RemoteCall {
  public:
    void arrive() noexcept override {}
};

}  // namespace

struct Seats::Seat::Place {
    explicit Place(const Settings& settings) : engine(std::make_unique<Engine>(settings)) {}

    std::unique_ptr<Engine> engine;
    WakeUp wake_up;
    std::atomic<bool> is_closing = false;
};

struct Seats::Shared {
    std::mutex mutex;
    std::vector<std::unique_ptr<Seat::Place>> free;
    std::vector<Seat::Place*> taken;
    bool is_closed = false;
};

Seats::Seats(const Settings& settings)
    : settings_(settings), generation_(process_generation()), shared_(std::make_unique<Shared>()) {}

Seats::~Seats() {
    if (generation_ != process_generation()) static_cast<void>(shared_.release());  // its sockets are the parent's
}

void Seats::begin_anew_after_fork() {
    if (generation_ == process_generation()) return;
    generation_ = process_generation();
    const bool was_closed = shared_->is_closed;
    static_cast<void>(shared_.release());
    shared_ = std::make_unique<Shared>();
    shared_->is_closed = was_closed;
}

Seats::Seat::Seat(Seats& seats) : seats_(seats) {
    seats.begin_anew_after_fork();
    const std::lock_guard lock(seats.shared_->mutex);
    if (seats.shared_->is_closed) raise(error_named("SessionClosed", "the session is closed"));
    auto& free = seats.shared_->free;
    if (free.empty()) {
        place_ = std::make_unique<Place>(seats.settings_);
    } else {
        place_ = std::move(free.back());
        free.pop_back();
    }
    seats.shared_->taken.push_back(place_.get());
}

Seats::Seat::~Seat() {
    place_->engine->drop_all();
    const std::lock_guard lock(seats_.shared_->mutex);
    std::erase(seats_.shared_->taken, place_.get());
    if (!seats_.shared_->is_closed) seats_.shared_->free.push_back(std::move(place_));
}

Engine& Seats::Seat::engine() const noexcept { return *place_->engine; }

void Seats::Seat::check() const {
    if (place_->is_closing)
        raise(error_named("SessionClosed", "the session was closed by another thread while this call was on its way"));
    if (PyErr_CheckSignals() != 0) nb::raise_python_error();
}

void Seats::Seat::wait_and_turn() {
    {
        const nb::gil_scoped_release released;
        pollfd readable{engine().fd(), POLLIN, 0};
        if (::poll(&readable, 1, -1) > 0) engine().loop().turn();
    }
    check();
}

void Seats::Seat::turn() {
    {
        const nb::gil_scoped_release released;
        engine().loop().turn();
    }
    check();
}

void Seats::close() {
    begin_anew_after_fork();
    std::vector<std::unique_ptr<Seat::Place>> free;
    {
        const std::lock_guard lock(shared_->mutex);
        if (std::exchange(shared_->is_closed, true)) return;
        free.swap(shared_->free);
        for (Seat::Place* const place : shared_->taken) {
            place->is_closing = true;
            place->engine->loop().handle().post(place->wake_up);
        }
    }
}

}  // namespace plait::python
