#pragma once

#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/boxed.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/http/connection_pool.hpp"
#include "plait/http/h1/internal/exchange.hpp"
#include "plait/http/h1/internal/h1_request.hpp"
#include "plait/http/internal/h2_pool.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/send_outcome.hpp"
#include "plait/http/session.hpp"
#include "plait/http/transfer/internal/body_writer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plait::http {

namespace internal {

// The names of the protocols in TLS (RFC 7301, section 6).
inline constexpr std::string_view alpn_http_1_1 = "http/1.1";
inline constexpr std::string_view alpn_http_2 = "h2";

/// Cuts a limit, or none, to a year, so that it can be added to a time without overflow.
Duration bounded(std::optional<Duration> limit);

}  // namespace internal

/// One attempt: gets a connection, makes an exchange over it, and describes a failure.
///
/// It is made in steps, and not in coroutines that await each other: so a call that waits for its answer, in the last
/// step, holds nothing of what the others needed.
class Session::Attempt {
  public:
    /// Both outlive it.
    Attempt(Session& session, const Request& request);

    /// Takes the next step. One of the two functions below follows it.
    Task<void> next_step();
    void step_succeeded();
    /// Returns why the attempt has failed; nothing: it goes on in another way.
    Boxed<SendFailure> step_failed(const Error& error);
    /// Whether the answer has come, and is where it belongs.
    bool has_ended() const noexcept { return step_ == Step::end; }

    /// Returns the answer. Once, after the last step.
    Boxed<Response> take_response();
    /// The answer, as far as it has come; null before it has begun.
    const Response* response() const noexcept { return terms_.record.response.get(); }

  private:
    enum class Step : std::uint8_t {
        negotiate,   ///< find out what the origin speaks, and find a place on a connection of HTTP/2
        http_1,      ///< make the exchange over HTTP/1.1
        http_2,      ///< make it over HTTP/2, in `place_`
        write_body,  ///< write the rest of a body that goes to a file
        end
    };

    std::string serialized_head();
    Task<void> negotiate();
    Task<bool> open(internal::H2Pool::Opening opening);
    void go_over_http_2(internal::H2Pool::Place place) noexcept;
    Task<void> run_http_1();
    Task<void> exchange_http_1(ConnectionPool::Lease& lease, std::string head);
    Task<void> exchange_http_2();
    void answered() noexcept;
    void begin_again_over_http_1();
    bool may_go_over_http_1() const noexcept;
    SendFailure describe(const Error& error);
    Task<ConnectionPool::Lease> wait_for_lease(ConnectionNeeds needs);
    Task<internal::H2Pool::Turn> wait_for_lease_or_room(internal::H2Pool::Opening& opening, ConnectionNeeds needs,
                                                        std::optional<ConnectionPool::Lease>& lease);
    Task<void> take_lease(ConnectionNeeds needs, std::optional<ConnectionPool::Lease>& lease, TaskGroup& waits);
    Task<void> take_room(internal::H2Pool::Opening& opening, internal::H2Pool::Turn& turn, TaskGroup& waits);
    Task<void> connect(ConnectionPool::Lease& lease);
    ConnectionNeeds needs() const;
    bool is_prior_knowledge() const noexcept;
    bool was_stale(const Error& error) const noexcept;
    Error no_connection_in_time() const;

    Session& session_;
    TimePoint start_;
    internal::ExchangeTerms terms_;
    internal::H2Pool::Place place_;  // of an exchange over HTTP/2
    std::uint64_t connection_ = 0;   // its number
    bool reused_ = false;
    bool speaks_http_2_ = false;  // the connection that was opened
    bool asked_before_body_ = false;
    bool was_sent_to_http_1_ = false;  // by the server, from HTTP/2
    Step step_;                        // the one that comes next
    Step taken_;                       // the last one
    std::optional<ConnectStep> connecting_;
};

}  // namespace plait::http
