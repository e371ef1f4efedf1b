#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/http/connection_pool.hpp"
#include "plait/http/internal/h2_connection.hpp"
#include "plait/http/internal/h2_spread.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace plait::http::internal {

/// What the servers of an origin speak, as far as it is known.
enum class Spoken {
    unknown,
    http_1,
    http_1_required,  ///< it could speak HTTP/2, and has asked for HTTP/1.1 (HTTP_1_1_REQUIRED)
    http_2,
};

/// The state of an origin's HTTP/2 connections when it is a call's turn.
struct H2State {
    Spoken spoken = Spoken::unknown;
    bool has_room = false;    ///< a connection has room for the call
    bool is_new = false;      ///< the call must be the first one on its connection
    std::size_t waiting = 0;  ///< calls that wait, with this one
    std::size_t opening = 0;  ///< connections that are being opened, or have not said yet how many calls they take
    std::optional<std::size_t> expected_room{};  ///< calls that each of them will have room for, if that is known
};

/// The next step for a call.
enum class H2Step {
    use,     ///< go over a connection that has room
    open,    ///< open a connection, and tell the pool what it speaks
    wait,    ///< wait until another call has opened one, or a call has ended
    http_1,  ///< the origin speaks HTTP/1.1: go there
};

/// Decides the next step.
H2Step plan_stream(const H2State& state) noexcept;

/// Keeps the HTTP/2 connections of one session, by origin, and knows which origins speak HTTP/2. Belongs to one thread.
///
/// `plan_stream` decides, the pool acts. Calls wait in the order in which they came.
class H2Pool {
    struct Origin;
    struct Entry;
    struct Waiter;

  public:
    /// `others` are the connections without HTTP/2, which must outlive the pool.
    H2Pool(const PoolOptions& options, const H2ConnectionOptions& connection, ConnectionPool& others);
    H2Pool(const H2Pool&) = delete;
    H2Pool& operator=(const H2Pool&) = delete;
    ~H2Pool();

    /// The right of one call to open a stream on a connection.
    class [[nodiscard]] Place {
      public:
        /// None: it may only be assigned to, and dropped.
        Place() noexcept = default;
        explicit Place(std::shared_ptr<Entry> entry) noexcept;
        Place(Place&&) noexcept = default;
        Place& operator=(Place&& other) noexcept {
            std::swap(entry_, other.entry_);
            std::swap(is_reserved_, other.is_reserved_);
            std::swap(beside_, other.beside_);
            return *this;
        }
        ~Place();

        /// False when the connection takes no call any more: ask the pool again.
        bool is_good() const noexcept;
        /// Whether the connection has carried a call before.
        bool is_reused() const noexcept;
        /// The connection's number, as its lease says.
        std::uint64_t number() const noexcept;
        /// The connection, on which the caller starts an exchange at once.
        H2Connection& use() noexcept;
        /// The call has been answered, after it had waited so long for the first byte.
        void answered(Duration wait, TimePoint now) noexcept;
        /// The server has asked for HTTP/1.1: the calls of the origin go there from now on.
        void require_http_1();

      private:
        std::shared_ptr<Entry> entry_;
        bool is_reserved_ = true;
        std::uint32_t beside_ = 0;  ///< calls on the connection when this one was sent
    };

    struct Turn;

    /// The duty to open a connection, which other calls wait for. Whoever drops it without a word makes one of them
    /// open it.
    class [[nodiscard]] Opening {
      public:
        enum class Why { needed, trial };

        /// None: it may only be assigned to, and dropped.
        Opening() noexcept = default;
        Opening(H2Pool& pool, Origin& origin, Why why = Why::needed) noexcept;
        Opening(Opening&& other) noexcept
            : pool_(other.pool_), origin_(std::exchange(other.origin_, nullptr)), why_(other.why_) {}
        Opening& operator=(Opening&& other) noexcept {
            std::swap(pool_, other.pool_);
            std::swap(origin_, other.origin_);
            std::swap(why_, other.why_);
            return *this;
        }
        ~Opening();

        /// Whether others have room, and the connection would show whether one more makes the calls faster.
        bool is_trial() const noexcept { return why_ == Why::trial; }

        /// The connection speaks HTTP/2. `lease` counts it as long as it lives.
        Place add(ConnectionPool::Lease lease, TimePoint now);
        /// Waits until another connection has room, or is found to speak HTTP/1.1. For a call that can't open one yet.
        /// The opening must outlive the task.
        Task<Turn> room_beside(ConnectionNeeds needs);
        /// It speaks HTTP/1.1, and so will the others.
        void speaks_http_1();
        /// It could not be opened. Those who wait for it fail for the same reason.
        void failed(const std::exception_ptr& error);

      private:
        void end() noexcept;
        H2Pool* pool_ = nullptr;
        Origin* origin_ = nullptr;
        Why why_ = Why::needed;
    };

    /// Where a call goes.
    struct Turn {
        Turn() noexcept {}
        explicit Turn(Place place_) : step(H2Step::use), place(std::move(place_)) {}
        explicit Turn(Opening opening_) : step(H2Step::open), opening(std::move(opening_)) {}
        explicit Turn(H2Step step_) : step(step_) {}

        H2Step step = H2Step::wait;
        Place place;      ///< with `use`
        Opening opening;  ///< with `open`
    };

    /// Decides at once; `wait` when the call has to wait for its turn. `is_known` says that the origin speaks HTTP/2.
    Turn try_turn(std::string_view origin, ConnectionNeeds needs, bool is_known, TimePoint now);

    /// Waits for the call's turn; `wait` when it has not come by `deadline`. `origin` must outlive the task. Throws the
    /// `Error` of a connection that was waited for.
    Task<Turn> turn(std::string_view origin, ConnectionNeeds needs, bool is_known, TimePoint deadline);

    /// For a caller that has opened a connection for HTTP/1.1, and found that it speaks HTTP/2.
    Opening adopt(std::string_view origin) { return Opening(*this, origin_of(origin, false)); }

    /// Whether a server of the origin has asked for HTTP/1.1.
    bool requires_http_1(std::string_view origin) const;

    /// Closes all connections without calls, to make room for others.
    void close_idle();

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };

    Origin& origin_of(std::string_view name, bool is_known);
    std::shared_ptr<Entry> find_room(Origin& origin, Repeatable repeatable, TimePoint now);
    bool is_usable(Entry& entry, Repeatable repeatable, TimePoint now);
    std::size_t room_of(const Entry& entry) const;
    bool is_used_up(const Entry& entry, TimePoint now) const;
    void note_use(Entry& entry);
    void close(Entry& entry);
    void close_expired(TimePoint now);
    void forget_unused();
    Turn room_beside(Origin& origin, ConnectionNeeds needs, TimePoint now);
    Turn next(Origin& origin, ConnectionNeeds needs, std::size_t waiting, TimePoint now);
    void assign(Origin& origin);

    const PoolOptions options_;
    const H2ConnectionOptions connection_;
    ConnectionPool& others_;
    std::list<Entry*> idle_;  ///< connections without calls, the one unused for longest first
    std::unordered_map<std::string, std::unique_ptr<Origin>, Hash, std::equal_to<>> origins_;
    std::size_t sweep_at_ = 10'000;
};

}  // namespace plait::http::internal
