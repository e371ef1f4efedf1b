#include "plait/http/connection_pool.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"
#include "plait/base/scoped_count.hpp"

#include <algorithm>
#include <utility>

namespace plait::http {

Duration idle_limit_of(const IdleTime& idle, Repeatable repeatable, const PoolOptions& options) {
    // The server counts from when it sent its answer, some time before the answer arrived.
    constexpr Duration on_its_way = std::chrono::seconds(1);
    Duration limit = options.idle_limit;
    if (repeatable == Repeatable::no) limit = std::min(limit, options.idle_limit_unrepeatable);
    if (idle.server_limit) limit = std::min(limit, *idle.server_limit - on_its_way);
    return limit;
}

PoolStep plan_connection(const PoolState& state, Repeatable repeatable, TimePoint now, const PoolOptions& options) {
    // There are three cases:
    //
    // 1. The origin has an unused connection that is good for this request. Of several, the one that was used last is
    //    considered: it is the likeliest to be alive.
    // 2. It has one that is not. Too old for any request, it is closed. Too old for this one only, it is left for
    //    others, unless the limit for the origin leaves no room for a new one beside it.
    // 3. A new connection is needed. At the limit for all origins, an unused one is closed first. There is one,
    //    because a request has its turn only while fewer connections than the limit are in use.
    const auto is_full = [](std::size_t open, std::optional<std::size_t> limit) { return limit && open >= *limit; };
    if (state.newest) {
        const Duration idle = now - state.newest->since;
        if (state.may_reuse && idle < idle_limit_of(*state.newest, repeatable, options)) return PoolStep::use_newest;
        if (idle >= idle_limit_of(*state.newest, Repeatable::yes, options)) return PoolStep::close_newest;
        if (is_full(state.open_to_origin, options.max_connections_per_origin)) return PoolStep::close_newest;
    }
    if (is_full(state.open_in_all, options.max_connections)) return PoolStep::close_oldest;
    return PoolStep::open;
}

struct ConnectionPool::Idle {
    Origin* origin;
    std::unique_ptr<ByteStream> stream;
    std::uint64_t number;
    IdleTime time;
};

struct ConnectionPool::Origin {
    Origin(std::string_view name_, std::shared_ptr<OriginHabit> habit_) : name(name_), habit(std::move(habit_)) {}

    const std::string name;
    const std::shared_ptr<OriginHabit> habit;
    std::deque<std::list<Idle>::iterator> idle;  ///< oldest first
    std::size_t leases = 0;                      ///< including those that wait for their turn
    std::size_t used = 0;
    std::optional<Semaphore> permits;
};

namespace {

/// Whether a kept connection is as it should be.
///
/// A look at the socket costs a tenth of a call. It is left out where it rarely finds anything and nothing is lost by
/// that: the loop has heard nothing of the connection, which carried an exchange just now, the origin has shown that it
/// keeps connections, and the request is safe to repeat.
bool is_usable(ByteStream& stream, const IdleTime& idle, ConnectionNeeds needs, const OriginHabit& habit,
               TimePoint now) {
    constexpr Duration just_now = std::chrono::milliseconds(10);
    const bool is_trusted =
        needs.repeatable == Repeatable::yes && now - idle.since < just_now && habit.keeps_connections(now);
    return is_trusted ? stream.seems_quiet() : stream.is_quiet();
}

}  // namespace

ConnectionPool::ConnectionPool(const PoolOptions& options, std::shared_ptr<OriginHabits> habits)
    : options_(options), habits_(habits ? std::move(habits) : std::make_shared<OriginHabits>()) {
    if (options_.max_connections == 0u || options_.max_connections_per_origin == 0u) {
        throw Error(ErrorCode::bad_input, "no connection is allowed: the limit of connections is at least 1");
    }
    if (options_.max_connections) permits_.emplace(*options_.max_connections);
}

ConnectionPool::~ConnectionPool() = default;

std::optional<ConnectionPool::Lease> ConnectionPool::try_lease(std::string_view origin, ConnectionNeeds needs) {
    std::optional<Lease> lease(Lease(*this, origin_of(origin)));
    auto& permits = lease->origin_->permits;
    if (permits && !(lease->permit_to_origin_ = permits->try_acquire())) return std::nullopt;
    if (permits_ && !(lease->permit_in_all_ = permits_->try_acquire())) return std::nullopt;
    fill(*lease, needs);
    return lease;
}

Task<ConnectionPool::Lease> ConnectionPool::lease(std::string_view origin, ConnectionNeeds needs) {
    Lease lease(*this, origin_of(origin));
    auto& permits = lease.origin_->permits;
    if (permits) lease.permit_to_origin_ = co_await permits->acquire();
    if (permits_) {
        const ScopedCount counted(waiting_);
        lease.permit_in_all_ = co_await permits_->acquire();
    }
    fill(lease, needs);
    co_return lease;
}

/// Called when it is the turn of `lease`.
void ConnectionPool::fill(Lease& lease, ConnectionNeeds needs) {
    lease.stream_ = find_kept(lease, needs, now());
    lease.is_reused_ = lease.stream_ != nullptr;
    ++lease.origin_->used;
    ++used_;
    lease.is_counted_ = true;
}

ConnectionPool::Origin& ConnectionPool::origin_of(std::string_view name) {
    if (const auto known = origins_.find(name); known != origins_.end()) return *known->second;
    auto origin = std::make_unique<Origin>(name, habits_->of(name));
    if (options_.max_connections_per_origin) origin->permits.emplace(*options_.max_connections_per_origin);
    const std::string_view key = origin->name;
    return *origins_.emplace(key, std::move(origin)).first->second;
}

/// Returns a kept connection that is good for the request; null when a new one has to be opened.
std::unique_ptr<ByteStream> ConnectionPool::find_kept(Lease& lease, ConnectionNeeds needs, TimePoint now) {
    // A server that closed a connection this soon does not keep connections: its habits are noted.
    constexpr Duration early = std::chrono::seconds(1);
    Origin& origin = *lease.origin_;
    for (;;) {
        PoolState state;
        if (!origin.idle.empty()) state.newest = origin.idle.back()->time;
        state.open_to_origin = origin.used + origin.idle.size();
        state.open_in_all = used_ + idle_.size();
        if (needs.repeatable == Repeatable::no && state.newest && !lease.reuse_permit_) {
            lease.reuse_permit_ = origin.habit->try_reuse_unrepeatable(now);
        }
        state.may_reuse = !needs.is_new && (needs.repeatable == Repeatable::yes || lease.reuse_permit_);
        switch (plan_connection(state, needs.repeatable, now, options_)) {
            case PoolStep::use_newest:
                if (Idle idle = take_newest(origin); is_usable(*idle.stream, idle.time, needs, *origin.habit, now)) {
                    lease.number_ = idle.number;
                    return std::move(idle.stream);
                }
                if (now - state.newest->since < early) origin.habit->record_early_close(now);
                lease.reuse_permit_.reset();  // the habits may have changed
                break;
            case PoolStep::close_newest:
                take_newest(origin);
                break;
            case PoolStep::close_oldest:
                close_oldest();
                break;
            case PoolStep::open:
                lease.reuse_permit_.reset();
                return nullptr;
        }
    }
}

ConnectionPool::Idle ConnectionPool::take_newest(Origin& origin) {
    const auto newest = origin.idle.back();
    Idle taken = std::move(*newest);
    origin.idle.pop_back();
    idle_.erase(newest);
    return taken;
}

void ConnectionPool::close_oldest() {
    PLAIT_ASSERT(!idle_.empty(), "more connections are used than there are permits");
    Origin& origin = *idle_.front().origin;
    origin.idle.pop_front();  // the oldest of all is the oldest of its origin
    idle_.pop_front();
    forget_if_unused(origin);
}

void ConnectionPool::close_expired(TimePoint now) {
    const auto is_expired = [&](const IdleTime& idle) {
        return now - idle.since >= idle_limit_of(idle, Repeatable::yes, options_);
    };
    while (!idle_.empty() && is_expired(idle_.front().time)) close_oldest();
    while (!idle_.empty() && idle_.size() + idle_elsewhere_ > options_.max_idle) close_oldest();
}

void ConnectionPool::forget_if_unused(Origin& origin) {
    if (origin.leases == 0 && origin.idle.empty()) origins_.erase(origins_.find(origin.name));
}

ConnectionPool::Lease::Lease(ConnectionPool& pool, Origin& origin) noexcept : pool_(&pool), origin_(&origin) {
    ++origin.leases;
}

ConnectionPool::Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_),
      origin_(std::exchange(other.origin_, nullptr)),
      permit_to_origin_(std::move(other.permit_to_origin_)),
      permit_in_all_(std::move(other.permit_in_all_)),
      reuse_permit_(std::move(other.reuse_permit_)),
      stream_(std::move(other.stream_)),
      number_(other.number_),
      is_reused_(other.is_reused_),
      is_counted_(other.is_counted_) {}

ConnectionPool::Lease& ConnectionPool::Lease::operator=(Lease&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(origin_, other.origin_);
    std::swap(permit_to_origin_, other.permit_to_origin_);
    std::swap(permit_in_all_, other.permit_in_all_);
    std::swap(reuse_permit_, other.reuse_permit_);
    std::swap(stream_, other.stream_);
    std::swap(number_, other.number_);
    std::swap(is_reused_, other.is_reused_);
    std::swap(is_counted_, other.is_counted_);
    return *this;
}

ConnectionPool::Lease::~Lease() {
    if (!origin_) return;
    stream_.reset();
    if (is_counted_) {
        --origin_->used;
        --pool_->used_;
    }
    // Before the origin may be forgotten: it owns the semaphore that takes the permit back.
    permit_to_origin_.reset();
    permit_in_all_.reset();
    --origin_->leases;
    pool_->forget_if_unused(*origin_);
}

OriginHabit& ConnectionPool::Lease::habit() const noexcept { return *origin_->habit; }

void ConnectionPool::Lease::report_early_close(TimePoint now) noexcept { origin_->habit->record_early_close(now); }

void ConnectionPool::Lease::keep(TimePoint now, std::optional<Duration> server_limit) {
    if (is_reused_) origin_->habit->record_reuse();
    pool_->idle_.push_back(Idle{origin_, std::move(stream_), number_, IdleTime{now, server_limit}});
    origin_->idle.push_back(std::prev(pool_->idle_.end()));
    pool_->close_expired(now);
}

}  // namespace plait::http
