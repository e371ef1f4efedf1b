#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/origin_habits.hpp"

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace plait::http {

/// Which connections are kept, and for how long.
struct PoolOptions {
    /// How long an unused connection is kept; less if the server says so (`Keep-Alive: timeout=`).
    Duration idle_limit = std::chrono::seconds(30);

    /// How long an unused connection is still good for a request that must not be sent twice. Many servers close after
    /// 5 s: when both happen at once, nobody knows whether the request was acted on.
    Duration idle_limit_once_only = std::chrono::seconds(4);

    /// Unused connections in all: each holds a descriptor. The one that is unused for longest is closed.
    std::size_t max_idle = 10'000;

    /// Connections at a time, in all and to one origin; a request waits for its turn. None: as many as there are
    /// requests.
    std::optional<std::size_t> max_connections{};
    std::optional<std::size_t> max_connections_per_origin{};
};

/// Whether a request may reach the server a second time without harm.
enum class Repeatable { no, yes };

/// What a request asks of its connection.
struct ConnectionWish {
    ConnectionWish(Repeatable repeatable_, bool is_new_ = false) : repeatable(repeatable_), is_new(is_new_) {}

    Repeatable repeatable;
    bool is_new;  ///< it has carried no exchange before
};

/// The time of a connection that nobody uses.
struct IdleTime {
    TimePoint since;
    std::optional<Duration> server_limit{};  ///< what the server said
};

/// What the pool knows when a request asks for a connection and it is its turn.
struct PoolState {
    std::optional<IdleTime> newest{};  ///< of the unused connections to the request's origin
    std::size_t open_to_origin = 0;    ///< used and unused ones
    std::size_t open_in_all = 0;
    bool may_reuse = true;  ///< the request may go over a kept connection, as far as it and the origin are concerned
};

/// What to do next for a request. After a step that closes a connection the pool asks again.
enum class PoolStep {
    use_newest,    ///< of the unused connections to the request's origin
    close_newest,  ///< of the unused connections to the request's origin
    close_oldest,  ///< of all unused connections
    open,          ///< a new connection
};

/// Decides what a request gets: the connection used last, because it is the likeliest to be alive still, or a new one.
PoolStep plan_connection(const PoolState& state, Repeatable repeatable, TimePoint now, const PoolOptions& options);

/// How long an unused connection is good for a request.
Duration idle_limit_of(const IdleTime& idle, Repeatable repeatable, const PoolOptions& options);

/// Keeps the open connections of one session, by origin. Belongs to one thread.
///
/// What a request gets is decided by `plan_connection`; the pool does it, and looks at a kept connection before it
/// gives it away: one on which anything came, or which the server closed, is closed instead.
class ConnectionPool {
    struct Origin;
    struct Idle;

  public:
    /// Throws `Error(bad_input)` when a limit is 0: no request would ever have its turn. Null: habits of its own.
    explicit ConnectionPool(const PoolOptions& options, std::shared_ptr<OriginHabits> habits = nullptr);
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;
    ~ConnectionPool();

    /// The right to one connection to an origin, and the connection once there is one. The pool must outlive it.
    class [[nodiscard]] Lease {
      public:
        Lease(Lease&& other) noexcept;
        Lease& operator=(Lease&& other) noexcept;
        /// Closes the connection, unless it was given back.
        ~Lease();

        /// The connection; null: open one and `set` it.
        ByteStream* stream() const noexcept { return stream_.get(); }
        void set(std::unique_ptr<ByteStream> stream) noexcept { stream_ = std::move(stream); }

        /// Gives the connection back, to be used again.
        void keep(TimePoint now, std::optional<Duration> server_limit);

        /// The kept connection was closed under the request, before the first byte of the answer.
        void closed_early(TimePoint now) noexcept;

      private:
        friend class ConnectionPool;
        Lease(ConnectionPool& pool, Origin& origin) noexcept;

        ConnectionPool* pool_;
        Origin* origin_;
        std::optional<Semaphore::Permit> permit_to_origin_;
        std::optional<Semaphore::Permit> permit_in_all_;
        std::optional<OriginHabit::Leave> leave_;
        std::unique_ptr<ByteStream> stream_;
        bool is_reused_ = false;
        bool is_counted_ = false;
    };

    /// Gives a request a kept connection or the right to open one; nothing when a limit makes it wait for its turn.
    std::optional<Lease> try_lease(std::string_view origin, ConnectionWish wish);

    /// Waits for the request's turn, and gives it a kept connection or the right to open one. `origin` must outlive the
    /// task.
    Task<Lease> lease(std::string_view origin, ConnectionWish wish);

    /// The connections that are open and unused.
    std::size_t idle() const noexcept { return idle_.size(); }

  private:
    Origin& origin_of(std::string_view name);
    void fill(Lease& lease, ConnectionWish wish);
    std::unique_ptr<ByteStream> take(Lease& lease, ConnectionWish wish, TimePoint now);
    std::unique_ptr<ByteStream> take_newest(Origin& origin);
    void close_oldest();
    void close_expired(TimePoint now);
    void forget_if_unused(Origin& origin);

    PoolOptions options_;
    std::shared_ptr<OriginHabits> habits_;
    std::unordered_map<std::string_view, std::unique_ptr<Origin>> origins_;  ///< by the name in the origin
    std::list<Idle> idle_;                                                   ///< oldest first
    std::size_t used_ = 0;
    std::optional<Semaphore> permits_;
};

}  // namespace plait::http
