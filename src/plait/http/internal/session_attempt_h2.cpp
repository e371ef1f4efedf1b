#include "plait/http/internal/session_attempt.hpp"

#include <exception>
#include <utility>

// How an attempt uses HTTP/2: it takes a place on a connection, or opens one that others may wait for.
namespace plait::http {

/// HTTP/2 without TLS is spoken from the first byte (RFC 9113, section 3.3).
bool Session::Attempt::is_prior_knowledge() const noexcept {
    return session_.options_.http == HttpChoice::http_2 && !terms_.request.url.is_https();
}

/// Finds a place on a connection of HTTP/2, or opens one. If the origin speaks HTTP/1.1, the exchange comes next, or
/// has been made over the connection that was opened.
Task<void> Session::Attempt::negotiate() {
    const std::string_view origin = terms_.request.url.origin();
    for (;;) {
        auto turn = session_.h2_pool_->try_turn(origin, needs(), is_prior_knowledge(), now());
        if (turn.step == internal::H2Step::wait) {
            turn = co_await session_.h2_pool_->turn(origin, needs(), is_prior_knowledge(), terms_.bounds.deadline);
        }
        switch (turn.step) {
            case internal::H2Step::wait:
                throw no_connection_in_time();
            case internal::H2Step::http_1:
                step_ = Step::http_1;
                co_return;
            case internal::H2Step::open:
                if (co_await open(std::move(turn.opening))) co_return;
                break;
            case internal::H2Step::use:
                if (turn.place.is_good()) co_return go_over_http_2(std::move(turn.place));
        }
    }
}

/// Opens the connection that others may wait for. If it speaks HTTP/1.1, makes the exchange over it. Returns false when
/// that could not be done, and another connection has room.
Task<bool> Session::Attempt::open(internal::H2Pool::Opening opening) {
    std::string head = serialized_head();  // throws before there is a cost
    ConnectionNeeds needs = this->needs();
    needs.is_new = true;
    auto lease = session_.pool_.try_lease(terms_.request.url.origin(), needs);
    if (!lease && opening.is_trial()) co_return false;
    if (!lease) {
        internal::H2Pool::Turn other = co_await wait_for_lease_or_room(opening, needs, lease);
        if (other.step == internal::H2Step::use && other.place.is_good()) {
            go_over_http_2(std::move(other.place));
            co_return true;
        }
        if (!lease) co_return false;
    }
    try {
        co_await connect(*lease);
    } catch (const Error&) {
        if (opening.is_trial()) {
            connecting_.reset();
            co_return false;
        }
        if (now() < terms_.bounds.deadline) opening.failed(std::current_exception());
        throw;
    }
    if (speaks_http_2_) {
        go_over_http_2(opening.add(std::move(*lease), now()));
    } else {
        opening.speaks_http_1();
        co_await exchange_http_1(*lease, std::move(head));
    }
    co_return true;
}

void Session::Attempt::go_over_http_2(internal::H2Pool::Place place) noexcept {
    place_ = std::move(place);
    step_ = Step::http_2;
}

Task<void> Session::Attempt::exchange_http_2() {
    reused_ = place_.is_reused();
    connection_ = place_.number();
    terms_.defaults = &session_.headers_for(terms_.request);
    return place_.use().exchange(terms_);
}

/// Whether the server wants HTTP/1.1 for this request, which it has not processed, and we may speak that (RFC 9113,
/// section 7, HTTP_1_1_REQUIRED).
bool Session::Attempt::may_go_over_http_1() const noexcept {
    return terms_.record.needs_http_1 && session_.options_.http == HttpChoice::automatic && !was_sent_to_http_1_;
}

/// Waits until the connection may be opened, or until another one has room, whichever comes first.
Task<internal::H2Pool::Turn> Session::Attempt::wait_for_lease_or_room(internal::H2Pool::Opening& opening,
                                                                      ConnectionNeeds needs,
                                                                      std::optional<ConnectionPool::Lease>& lease) {
    internal::H2Pool::Turn turn;
    TaskGroup waits;
    waits.start(take_lease(needs, lease, waits), "wait for a connection");
    if (!terms_.request.over_new_connection) waits.start(take_room(opening, turn, waits), "wait for a stream");
    co_await waits.join();
    co_return turn;
}

Task<void> Session::Attempt::take_lease(ConnectionNeeds needs, std::optional<ConnectionPool::Lease>& lease,
                                        TaskGroup& waits) {
    lease = co_await wait_for_lease(needs);
    waits.cancel();
}

Task<void> Session::Attempt::take_room(internal::H2Pool::Opening& opening, internal::H2Pool::Turn& turn,
                                       TaskGroup& waits) {
    turn = co_await opening.room_beside(this->needs());
    waits.cancel();
}

}  // namespace plait::http
