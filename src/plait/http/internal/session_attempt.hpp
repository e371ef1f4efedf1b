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
#include "plait/http/send_error.hpp"
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

}  // namespace internal

/// One attempt: gets a connection, makes an exchange over it, and describes a failure.
class Session::Attempt {
  public:
    /// Both outlive it.
    Attempt(Session& session, const Request& request);

    Task<void> run() {
        const bool is_plain = !session_.may_speak_http_2(request_.url) && !internal::asks_before_body(request_);
        return is_plain ? run_http_1() : run_with_second_tries();
    }

    /// Writes the rest of a body that goes to a file. After `run`.
    Task<void> write_body() { return session_.body_writer_->write(*record_.response, bounds_.deadline); }

    /// Returns the answer. Once, after `run`.
    Boxed<Response> take_response();
    /// The answer, as far as it has come; null before it has begun.
    const Response* response() const noexcept { return record_.response.get(); }
    SendError describe(const Error& error);

  private:
    Task<void> run_with_second_tries();
    void begin_again();
    std::string serialized_head();
    Task<void> run_http_1();
    Task<std::optional<internal::H2Pool::Place>> negotiate();
    Task<void> exchange_http_1(ConnectionPool::Lease& lease, std::string head);
    Task<void> exchange_http_2(internal::H2Pool::Place place);
    Task<bool> open(internal::H2Pool::Opening opening);
    Task<ConnectionPool::Lease> wait_for_lease(ConnectionNeeds needs);
    Task<internal::H2Pool::Turn> wait_for_lease_or_room(internal::H2Pool::Opening& opening, ConnectionNeeds needs,
                                                        std::optional<ConnectionPool::Lease>& lease);
    Task<void> take_lease(ConnectionNeeds needs, std::optional<ConnectionPool::Lease>& lease, TaskGroup& waits);
    Task<void> take_room(internal::H2Pool::Opening& opening, internal::H2Pool::Turn& turn, TaskGroup& waits);
    Task<void> connect(ConnectionPool::Lease& lease);
    ConnectionNeeds needs() const;
    bool is_prior_knowledge() const noexcept;
    bool was_stale(const Error& error) const noexcept;
    bool may_go_over_http_1(const internal::H2Call& call) const noexcept;
    Error no_connection_in_time() const;

    Session& session_;
    const Request& request_;
    TimePoint start_;
    internal::ExchangeBounds bounds_;
    std::uint64_t connection_ = 0;  // its number
    bool reused_ = false;
    bool speaks_http_2_ = false;  // the connection that was opened
    bool asked_before_body_ = false;
    bool met_silence_ = false;
    bool is_unprocessed_ = false;
    bool was_refused_ = false;
    bool goes_over_http_1_ = false;  // the server has asked for it, instead of HTTP/2
    std::optional<ConnectStep> connecting_;
    internal::ExchangeRecord record_;
};

}  // namespace plait::http
