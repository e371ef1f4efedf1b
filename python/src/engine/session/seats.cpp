#include "session/seats.hpp"

#include "plait/async/parts/remote_call.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include "values/errors.hpp"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <utility>

namespace plait::python {

namespace {

/// No wait is longer, in milliseconds: a signal that comes just before it begins does not end it, and its handler runs
/// then.
constexpr int longest_wait = 100;

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
    // Of a shared place:
    std::vector<Seat*> waiting;  ///< the first watches the engine
    std::mutex in_use;
    std::atomic<std::thread::id> user;
};

struct Seats::Shared {
    std::mutex mutex;
    std::vector<std::shared_ptr<Seat::Place>> free;
    std::vector<Seat::Place*> taken;
    std::shared_ptr<Seat::Place> common;  ///< of a session with policies
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
    seats.settings_.policies ? take_shared() : take_own();
}

void Seats::Seat::take_own() {
    auto& free = seats_.shared_->free;
    if (free.empty()) {
        place_ = std::make_shared<Place>(seats_.settings_);
    } else {
        place_ = std::move(free.back());
        free.pop_back();
    }
    seats_.shared_->taken.push_back(place_.get());
}

void Seats::Seat::take_shared() {
    wake_up_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_up_) raise(PyExc_OSError, "make an eventfd: too many open files");
    auto& common = seats_.shared_->common;
    if (!common) common = std::make_shared<Place>(seats_.settings_);
    place_ = common;
}

Seats::Seat::~Seat() {
    step_down();
    if (is_shared()) return;
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
    if (is_shared()) {
        wait_among_others();
    } else {
        const Unlocked released;
        pollfd readable{engine().fd(), POLLIN, 0};
        if (::poll(&readable, 1, longest_wait) > 0) engine().loop().turn();
    }
    check();
}

Seats::Seat::Use::~Use() {
    if (!place_) return;
    place_->user = std::thread::id();
    place_->in_use.unlock();
}

bool Seats::Seat::is_in_hook() const noexcept { return place_->user == std::this_thread::get_id(); }

void Seats::Seat::acquire() noexcept {
    if (!place_->in_use.try_lock()) {
        const Unlocked released;
        place_->in_use.lock();
    }
    place_->user = std::this_thread::get_id();
}

Seats::Seat::Use Seats::Seat::use() {
    if (!is_shared()) return Use(nullptr);
    if (is_in_hook()) raise(PyExc_RuntimeError, "a hook can't make calls with its own session: use another one");
    acquire();
    return Use(place_.get());
}

Seats::Seat::Use Seats::Seat::use_unless_in_hook() noexcept {
    if (!is_shared()) return Use(nullptr);
    if (is_in_hook()) return {nullptr, false};
    acquire();
    return Use(place_.get());
}

void Seats::Seat::wait_among_others() {
    auto& waiting = place_->waiting;
    if (std::find(waiting.begin(), waiting.end(), this) == waiting.end()) waiting.push_back(this);
    const bool watches = waiting.front() == this;
    pollfd readable[] = {{wake_up_.get(), POLLIN, 0}, {engine().fd(), POLLIN, 0}};
    {
        const Unlocked released;
        ::poll(readable, watches ? 2 : 1, longest_wait);
    }
    eventfd_t ignored = 0;
    ::eventfd_read(wake_up_.get(), &ignored);
    if (!watches || !(readable[1].revents & POLLIN)) return;
    const Use in_use = use();
    engine().loop().turn();
}

void Seats::Seat::step_down() noexcept {
    if (!is_shared()) return;
    auto& waiting = place_->waiting;
    const bool watched = !waiting.empty() && waiting.front() == this;
    std::erase(waiting, this);
    if (watched && !waiting.empty()) ::eventfd_write(waiting.front()->wake_up(), 1);
}

void Seats::Seat::turn() {
    if (is_shared()) {
        const Use in_use = use();
        engine().loop().turn();
    } else {
        const Unlocked released;
        engine().loop().turn();
    }
    check();
}

void Seats::Seat::give_up(Caller& caller) noexcept {
    const Use in_use = use_unless_in_hook();
    engine().give_up(caller);
    // Nobody may wait who would see to it.
    if (is_shared() && in_use.may_turn()) engine().loop().run_ready();
}

void Seats::close() {
    begin_anew_after_fork();
    std::vector<std::shared_ptr<Seat::Place>> free;
    std::shared_ptr<Seat::Place> common;
    {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->common && shared_->common->user == std::this_thread::get_id())
            raise(PyExc_RuntimeError, "a session can't be closed by one of its hooks");
        if (std::exchange(shared_->is_closed, true)) return;
        free.swap(shared_->free);
        common.swap(shared_->common);
        if (common) {
            common->is_closing = true;
            for (const Seat* const seat : common->waiting) ::eventfd_write(seat->wake_up(), 1);
        }
        for (Seat::Place* const place : shared_->taken) {
            place->is_closing = true;
            place->engine->loop().handle().post(place->wake_up);
        }
    }
}

}  // namespace plait::python
