#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/coordination/semaphore.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/origin_habits.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace plait::http {

/// How many connections there are, and how long they are kept.
struct PoolOptions {
    /// How long an unused connection is kept, unless the server asks for less (`Keep-Alive: timeout=`).
    Duration idle_limit = std::chrono::seconds(30);

    /// How long an unused connection is good for a request that is not safe to repeat. Many servers close after 5 s:
    /// when that happens just as a request is sent, nobody knows whether it was executed.
    Duration idle_limit_unrepeatable = std::chrono::seconds(4);

    /// The most unused connections in all, since each holds a descriptor. Beyond that, the one unused for longest is
    /// closed.
    std::size_t max_idle = 10'000;

    /// The most connections at a time, in all and to one origin; further requests wait for their turn. None: as many as
    /// there are requests.
    std::optional<std::size_t> max_connections{};
    std::optional<std::size_t> max_connections_per_origin{};

    /// The most calls at a time over one HTTP/2 connection. A server may permit fewer.
    std::size_t max_streams = 100;

    /// A new HTTP/2 connection is opened after so many calls over one. Servers in the wild end a connection with the
    /// 1,000th or, without an answer to it, with the 1,001st.
    std::size_t max_calls_per_connection = 900;
};

/// Whether a request is safe to repeat.
enum class Repeatable : std::uint8_t { no, yes };

/// What a request needs of its connection.
struct ConnectionNeeds {
    ConnectionNeeds(Repeatable repeatable_, bool is_new_ = false) : repeatable(repeatable_), is_new(is_new_) {}

    Repeatable repeatable;
    bool is_new;  ///< the connection must not have carried an exchange before
};

/// Since when a connection is unused, and for how long it may be.
struct IdleTime {
    TimePoint since;
    std::optional<Duration> server_limit{};  ///< by the server's `Keep-Alive: timeout=`
};

/// The state of the pool when it is a request's turn.
struct PoolState {
    std::optional<IdleTime> newest{};  ///< the unused connection to the request's origin that was used last
    std::size_t open_to_origin = 0;    ///< connections to that origin, used and unused
    std::size_t open_in_all = 0;       ///< connections to all origins, used and unused
    bool may_reuse = true;             ///< the request accepts a kept connection, and the origin's habits allow it
};

/// The next step for a request. After a step that closes a connection, the pool asks again.
enum class PoolStep {
    use_newest,    ///< use the unused connection to the request's origin that was used last
    close_newest,  ///< close that connection
    close_oldest,  ///< close the connection, to any origin, that is unused for longest
    open,          ///< open a new connection
};

/// Decides the next step. The pool's whole policy is here.
PoolStep plan_connection(const PoolState& state, Repeatable repeatable, TimePoint now, const PoolOptions& options);

/// Returns how long an unused connection is good for a request.
Duration idle_limit_of(const IdleTime& idle, Repeatable repeatable, const PoolOptions& options);

/// Keeps the open connections of one session, by origin. Belongs to one thread.
///
/// `plan_connection` decides, the pool acts. It checks a kept connection before it hands it out, and closes it instead
/// when the server has closed it or has sent anything. For a request that is safe to repeat, to an origin that has
/// shown that it keeps connections, over one that was in use a moment ago, it believes what the loop has heard so far.
class ConnectionPool {
    struct Origin;
    struct Idle;

  public:
    /// Throws `Error(bad_input)` when a limit is 0: no request would ever have its turn. Null `habits`: the pool has
    /// its own.
    explicit ConnectionPool(const PoolOptions& options, std::shared_ptr<OriginHabits> habits = nullptr);
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;
    ~ConnectionPool();

    /// The right of one request to use one connection to an origin.
    ///
    ///     auto lease = co_await pool.lease("https://api.example", Repeatable::yes);
    ///     if (!lease.stream()) lease.set(co_await connect());  // no kept connection was good: open one
    ///     ...                                                   // one exchange over *lease.stream()
    ///     lease.keep(now(), {});                                // without this, the destructor closes it
    ///
    /// It counts towards the limits on connections from the moment it is granted, before the connection is open. The
    /// pool must outlive it.
    class [[nodiscard]] Lease {
      public:
        Lease(Lease&& other) noexcept;
        Lease& operator=(Lease&& other) noexcept;
        /// Closes the connection, unless it was kept.
        ~Lease();

        /// The connection. Null until `set`, when there was no kept one to use.
        ByteStream* stream() const noexcept { return stream_.get(); }
        void set(std::unique_ptr<ByteStream> stream) noexcept {
            stream_ = std::move(stream);
            number_ = ++pool_->opened_;
        }

        /// The connection's number among all that the pool was given, from 1.
        std::uint64_t number() const noexcept { return number_; }

        /// Takes the connection out of the lease, which still counts it.
        std::unique_ptr<ByteStream> take() noexcept { return std::move(stream_); }

        /// Returns the connection to the pool for the next request. `server_limit` is from the server's `Keep-Alive`.
        void keep(TimePoint now, std::optional<Duration> server_limit);

        /// Records that the server closed the kept connection before the first byte of the answer.
        void report_early_close(TimePoint now) noexcept;

        /// What is known of the origin's server.
        OriginHabit& habit() const noexcept;

      private:
        friend class ConnectionPool;
        Lease(ConnectionPool& pool, Origin& origin) noexcept;

        ConnectionPool* pool_;
        Origin* origin_;
        std::optional<Semaphore::Permit> permit_to_origin_;
        std::optional<Semaphore::Permit> permit_in_all_;
        std::optional<OriginHabit::ReusePermit> reuse_permit_;
        std::unique_ptr<ByteStream> stream_;
        std::uint64_t number_ = 0;
        bool is_reused_ = false;
        bool is_counted_ = false;
    };

    /// Grants a lease at once; nothing when a limit makes the request wait for its turn.
    std::optional<Lease> try_lease(std::string_view origin, ConnectionNeeds needs);

    /// Waits for the request's turn, and grants a lease. `origin` must outlive the task.
    Task<Lease> lease(std::string_view origin, ConnectionNeeds needs);

    /// The number of open, unused connections.
    std::size_t idle_count() const noexcept { return idle_.size(); }

    /// Whether a request waits because of the limit on all connections.
    bool has_waiting() const noexcept { return waiting_ > 0; }

    /// Counts `count` unused connections that somebody else keeps towards the limit on unused ones.
    void set_idle_elsewhere(std::size_t count) noexcept { idle_elsewhere_ = count; }

  private:
    Origin& origin_of(std::string_view name);
    void fill(Lease& lease, ConnectionNeeds needs);
    std::unique_ptr<ByteStream> find_kept(Lease& lease, ConnectionNeeds needs, TimePoint now);
    Idle take_newest(Origin& origin);
    void close_oldest();
    void close_expired(TimePoint now);
    void forget_if_unused(Origin& origin);

    PoolOptions options_;
    std::shared_ptr<OriginHabits> habits_;
    std::unordered_map<std::string_view, std::unique_ptr<Origin>> origins_;  ///< by the name in the origin
    std::list<Idle> idle_;                                                   ///< oldest first
    std::uint64_t opened_ = 0;
    std::size_t used_ = 0;
    std::size_t idle_elsewhere_ = 0;
    std::size_t waiting_ = 0;
    std::optional<Semaphore> permits_;
};

}  // namespace plait::http
