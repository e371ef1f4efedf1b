#include "plait/http/internal/h2_pool.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/trace/activity.hpp"

#include <algorithm>
#include <utility>

namespace plait::http::internal {

H2Step plan_stream(const H2State& state) noexcept {
    if (state.spoken == Spoken::http_1 || state.spoken == Spoken::http_1_required) return H2Step::http_1;
    if (state.is_new) return H2Step::open;
    if (state.has_room) return H2Step::use;
    if (state.opening == 0) return H2Step::open;
    // The first connection shows what the origin speaks, and how many calls each has room for.
    const bool is_first = state.spoken == Spoken::unknown || !state.expected_room;
    return !is_first && state.waiting > state.opening * *state.expected_room ? H2Step::open : H2Step::wait;
}

struct H2Pool::Entry {
    Entry(H2Pool& pool_, Origin& origin_, ConnectionPool::Lease lease_, TimePoint now)
        : pool(pool_), origin(origin_), lease(std::move(lease_)), connection(lease.take(), pool.connection_, now) {}

    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();

    bool is_idle() const noexcept { return connection.session().open_streams() == 0 && reserved == 0; }

    H2Pool& pool;
    Origin& origin;
    ConnectionPool::Lease lease;
    H2Connection connection;
    std::size_t reserved = 0;  ///< places whose call has not opened its stream
    bool is_on_trial = false;
    std::optional<std::list<Entry*>::iterator> place_among_idle{};
};

struct H2Pool::Origin {
    std::size_t entries = 0;                          ///< connections, also those that take no more calls
    std::vector<std::shared_ptr<Entry>> connections;  ///< that may take calls
    std::list<Waiter*> waiting;                       ///< in the order in which they came
    Spoken spoken = Spoken::unknown;
    std::size_t opening = 0;
    std::optional<std::size_t> expected_room;  ///< as the last connection said
    H2Spread spread;

    /// Connections whose server has not said yet how many calls they have room for.
    std::size_t growing() const noexcept {
        const auto is_growing = [](const auto& entry) { return !entry->connection.session().has_settings(); };
        return opening + static_cast<std::size_t>(std::count_if(connections.begin(), connections.end(), is_growing));
    }
};

/// A call in the queue of its origin, until it has its turn, or gives up.
struct H2Pool::Waiter {
    Waiter(Origin& origin_, ConnectionNeeds needs_, bool is_opener_ = false)
        : origin(origin_), needs(needs_), is_opener(is_opener_) {
        // Whoever is to open a connection came before those who wait for it.
        origin.waiting.insert(is_opener ? origin.waiting.begin() : origin.waiting.end(), this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        if (!event.is_set()) std::erase(origin.waiting, this);
    }

    Turn take() {
        if (failure) std::rethrow_exception(failure);
        return std::move(turn);
    }

    Origin& origin;
    const ConnectionNeeds needs;
    const bool is_opener;  ///< it has the duty to open a connection, and waits for room on another one beside
    Event event{trace::Wait::permit};
    Turn turn;
    std::exception_ptr failure;
};

H2Pool::H2Pool(const PoolOptions& options, const H2ConnectionOptions& connection, ConnectionPool& others)
    : options_(options), connection_(connection), others_(others) {}

H2Pool::~H2Pool() = default;

H2Pool::Entry::~Entry() {
    --origin.entries;
    if (!place_among_idle) return;
    pool.idle_.erase(*place_among_idle);
    pool.others_.set_idle_elsewhere(pool.idle_.size());
}

H2Pool::Place::Place(std::shared_ptr<Entry> entry) noexcept : entry_(std::move(entry)) {
    ++entry_->reserved;
    entry_->pool.note_use(*entry_);
}

H2Pool::Place::~Place() {
    if (!entry_) return;
    if (is_reserved_) --entry_->reserved;
    entry_->pool.note_use(*entry_);
    if (is_reserved_) entry_->pool.assign(entry_->origin);
}

bool H2Pool::Place::is_good() const noexcept { return !entry_->connection.session().is_closing(); }

bool H2Pool::Place::is_reused() const noexcept { return entry_->connection.session().opened() > 0; }

std::uint64_t H2Pool::Place::number() const noexcept { return entry_->lease.number(); }

H2Connection& H2Pool::Place::use() noexcept {
    if (std::exchange(is_reserved_, false)) --entry_->reserved;
    beside_ = static_cast<std::uint32_t>(entry_->connection.session().open_streams());
    return entry_->connection;
}

void H2Pool::Place::answered(Duration wait, TimePoint now) noexcept {
    H2Spread& spread = entry_->origin.spread;
    const bool was_on_trial = spread.is_on_trial();
    spread.answered(wait, beside_, entry_->is_on_trial, now);
    if (!was_on_trial || spread.is_on_trial()) return;
    for (const auto& entry : entry_->origin.connections) entry->is_on_trial = false;
}

void H2Pool::Place::require_http_1() {
    entry_->origin.spoken = Spoken::http_1_required;
    entry_->pool.assign(entry_->origin);
}

H2Pool::Opening::Opening(H2Pool& pool, Origin& origin, Why why) noexcept : pool_(&pool), origin_(&origin), why_(why) {
    ++origin.opening;
    if (why == Why::trial) origin.spread.begin_trial();
}

H2Pool::Opening::~Opening() {
    if (!origin_) return;
    Origin& origin = *origin_;
    end();
    pool_->assign(origin);
}

void H2Pool::Opening::end() noexcept {
    Origin& origin = *std::exchange(origin_, nullptr);
    --origin.opening;
    const auto is_on_trial = [](const auto& entry) { return entry->is_on_trial; };
    if (why_ == Why::trial && std::none_of(origin.connections.begin(), origin.connections.end(), is_on_trial)) {
        origin.spread.trial_failed(now());
    }
}

H2Pool::Place H2Pool::Opening::add(ConnectionPool::Lease lease, TimePoint now) {
    Origin& origin = *origin_;
    H2Pool& pool = *pool_;
    pool.close_expired(now);
    auto entry = std::make_shared<Entry>(pool, origin, std::move(lease), now);
    entry->connection.on_room([&pool, &entry = *entry] {
        pool.assign(entry.origin);
        pool.note_use(entry);
    });
    if (origin.spoken != Spoken::http_1_required) origin.spoken = Spoken::http_2;
    ++origin.entries;
    entry->is_on_trial = is_trial();
    origin.connections.push_back(entry);
    end();
    return Place(std::move(entry));
}

void H2Pool::Opening::speaks_http_1() {
    Origin& origin = *origin_;
    if (origin.spoken != Spoken::http_1_required) origin.spoken = Spoken::http_1;
    end();
    pool_->assign(origin);
}

void H2Pool::Opening::failed(const std::exception_ptr& error) {
    Origin& origin = *origin_;
    end();
    // Others may have opened one meanwhile.
    if (origin.opening > 0 || !origin.connections.empty()) return pool_->assign(origin);
    for (Waiter* waiter : std::exchange(origin.waiting, {})) {
        waiter->failure = error;
        waiter->event.set();
    }
}

H2Pool::Origin& H2Pool::origin_of(std::string_view name, bool is_known) {
    if (origins_.size() >= sweep_at_) forget_unused();
    const auto known = origins_.find(name);
    Origin& origin = known != origins_.end()
                         ? *known->second
                         : *origins_.emplace(std::string(name), std::make_unique<Origin>()).first->second;
    if (is_known) origin.spoken = Spoken::http_2;
    return origin;
}

bool H2Pool::requires_http_1(std::string_view origin) const {
    const auto known = origins_.find(origin);
    return known != origins_.end() && known->second->spoken == Spoken::http_1_required;
}

H2Pool::Turn H2Pool::try_turn(std::string_view name, ConnectionNeeds needs, bool is_known, TimePoint now) {
    Origin& origin = origin_of(name, is_known);
    // Requests that wait come first.
    if (!origin.waiting.empty() && !needs.is_new) return Turn(H2Step::wait);
    return next(origin, needs, 1, now);
}

Task<H2Pool::Turn> H2Pool::turn(std::string_view name, ConnectionNeeds needs, bool is_known, TimePoint deadline) {
    const ActivityScope doing(trace::Activity::permit);
    Waiter waiter(origin_of(name, is_known), needs);
    assign(waiter.origin);
    co_await waiter.event.wait_until(deadline);
    co_return waiter.take();
}

Task<H2Pool::Turn> H2Pool::Opening::room_beside(ConnectionNeeds needs) {
    Waiter waiter(*origin_, needs, true);
    pool_->assign(waiter.origin);
    co_await waiter.event.wait();
    co_return waiter.take();
}

H2Pool::Turn H2Pool::next(Origin& origin, ConnectionNeeds needs, std::size_t waiting, TimePoint now) {
    std::shared_ptr<Entry> entry = needs.is_new ? nullptr : find_room(origin, needs.repeatable, now);
    H2State state;
    state.spoken = origin.spoken;
    state.has_room = entry != nullptr;
    state.is_new = needs.is_new;
    state.waiting = waiting;
    state.opening = state.has_room ? 0 : origin.growing();
    if (const auto room = origin.expected_room)
        state.expected_room = std::clamp<std::size_t>(*room, 1, options_.max_streams);
    switch (const H2Step step = plan_stream(state)) {
        case H2Step::use:
            if (origin.growing() == 0 &&
                origin.spread.wants_trial(origin.connections.size(), entry->connection.session().open_streams(), now)) {
                return Turn(Opening(*this, origin, Opening::Why::trial));
            }
            return Turn(Place(std::move(entry)));
        case H2Step::open:
            return Turn(Opening(*this, origin));
        default:
            return Turn(step);
    }
}

/// Decides for a call that is about to open a connection.
H2Pool::Turn H2Pool::room_beside(Origin& origin, ConnectionNeeds needs, TimePoint now) {
    if (origin.spoken == Spoken::http_1 || origin.spoken == Spoken::http_1_required) return Turn(H2Step::http_1);
    auto entry = find_room(origin, needs.repeatable, now);
    return entry ? Turn(Place(std::move(entry))) : Turn(H2Step::wait);
}

/// Gives those who wait their turns, as far as there is room.
void H2Pool::assign(Origin& origin) {
    while (!origin.waiting.empty()) {
        Waiter& first = *origin.waiting.front();
        Turn turn = first.is_opener ? room_beside(origin, first.needs, now())
                                    : next(origin, first.needs, origin.waiting.size(), now());
        if (turn.step == H2Step::wait) return;
        first.turn = std::move(turn);
        origin.waiting.pop_front();
        first.event.set();
    }
}

/// Returns the connection with the most room for a call; null when there is none. Drops those that take no call any
/// more; their own calls end all the same.
std::shared_ptr<H2Pool::Entry> H2Pool::find_room(Origin& origin, Repeatable repeatable, TimePoint now) {
    std::shared_ptr<Entry> best;
    std::size_t most = 0;
    std::erase_if(origin.connections, [&](const std::shared_ptr<Entry>& entry) {
        const H2Session& session = entry->connection.session();
        if (session.has_settings()) origin.expected_room = session.server_limit();
        if (is_used_up(*entry, now)) {
            if (entry->is_on_trial) origin.spread.trial_failed(now);
            return true;
        }
        if (entry->is_idle() && !is_usable(*entry, repeatable, now)) return session.is_closing();
        const std::size_t room = room_of(*entry);
        if (room == 0 || (room <= most && !entry->is_on_trial)) return false;
        most = entry->is_on_trial ? options_.max_streams : room;
        best = entry;
        return false;
    });
    return best;
}

/// Returns how many more calls may be sent over the connection.
std::size_t H2Pool::room_of(const Entry& entry) const {
    const std::size_t room = entry.connection.room(entry.is_on_trial ? H2Spread::few : options_.max_streams);
    return room - std::min(room, entry.reserved);
}

bool H2Pool::is_used_up(const Entry& entry, TimePoint now) const {
    const H2Session& session = entry.connection.session();
    if (session.is_closing() || session.opened() + entry.reserved >= options_.max_calls_per_connection) return true;
    return entry.is_idle() && now - entry.connection.last_received() >= options_.idle_limit;
}

/// Whether a connection without calls is good for this one.
bool H2Pool::is_usable(Entry& entry, Repeatable repeatable, TimePoint now) {
    const Duration idle = now - entry.connection.last_received();
    if (repeatable == Repeatable::no && idle >= options_.idle_limit_unrepeatable) return false;
    return entry.connection.look();
}

/// A run over many hosts must not grow. An origin that is forgotten is asked again what it speaks.
void H2Pool::forget_unused() {
    constexpr std::size_t kept_at_least = 10'000;
    std::erase_if(origins_, [](const auto& named) {
        const Origin& origin = *named.second;
        return origin.entries == 0 && origin.opening == 0 && origin.waiting.empty();
    });
    sweep_at_ = std::max(kept_at_least, 2 * origins_.size());
}

/// Keeps the list of connections without calls, after one may have got its first or lost its last.
void H2Pool::note_use(Entry& entry) {
    if (entry.is_idle() == entry.place_among_idle.has_value()) return;
    if (entry.is_idle() && others_.has_waiting()) {
        close(entry);
    } else if (entry.is_idle()) {
        entry.place_among_idle = idle_.insert(idle_.end(), &entry);
        close_expired(entry.connection.last_received());
    } else {
        idle_.erase(*std::exchange(entry.place_among_idle, std::nullopt));
    }
    others_.set_idle_elsewhere(idle_.size());
}

/// Closes a connection without calls, once nobody holds it any more.
void H2Pool::close(Entry& entry) {
    if (entry.place_among_idle) idle_.erase(*std::exchange(entry.place_among_idle, std::nullopt));
    if (entry.is_on_trial) entry.origin.spread.trial_failed(entry.connection.last_received());
    std::erase_if(entry.origin.connections, [&entry](const auto& other) { return other.get() == &entry; });
}

void H2Pool::close_idle() {
    while (!idle_.empty()) close(*idle_.front());
    others_.set_idle_elsewhere(0);
}

void H2Pool::close_expired(TimePoint now) {
    while (!idle_.empty() && is_used_up(*idle_.front(), now)) close(*idle_.front());
    while (!idle_.empty() && idle_.size() + others_.idle_count() > options_.max_idle) close(*idle_.front());
}

}  // namespace plait::http::internal
