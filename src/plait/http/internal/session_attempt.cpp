#include "plait/http/internal/session_attempt.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/text/words.hpp"
#include "plait/http/connect/internal/proxy_error.hpp"
#include "plait/http/h1/internal/common_head.hpp"
#include "plait/trace/activity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace plait::http {

using internal::bounded;
using internal::Phase;

namespace {

std::string_view name_of(ConnectStep step) {
    switch (step) {
        case ConnectStep::resolving:
            return "looking up the host";
        case ConnectStep::connecting:
            return "connecting";
        case ConnectStep::tunnelling:
            return "asking the proxy for a connection";
        case ConnectStep::encrypting:
            return "agreeing on encryption";
    }
    return "";
}

std::string_view name_of(Phase phase) {
    switch (phase) {
        case Phase::sending:
            return "sending the request";
        case Phase::waiting:
            return "waiting for the answer";
        case Phase::receiving:
            return "receiving the answer";
    }
    return "";
}

constexpr int expectation_failed = 417;

}  // namespace

Duration internal::bounded(std::optional<Duration> limit) {
    constexpr Duration longest = std::chrono::hours(24 * 365);
    return std::min(limit.value_or(longest), longest);
}

Session::Attempt::Attempt(Session& session, const Request& request)
    : session_(session),
      start_(now()),
      terms_(request, {*session.exchange_rules_,
                       start_ + std::min(bounded(request.timeout.value_or(session.options_.timeouts.attempt)),
                                         bounded(request.time_left))}),
      step_(session.may_speak_http_2(request.url) ? Step::negotiate : Step::http_1),
      taken_(step_) {}

Task<void> Session::Attempt::next_step() {
    taken_ = step_;
    switch (step_) {
        case Step::negotiate:
            return negotiate();
        case Step::http_1:
            return run_http_1();
        case Step::http_2:
            return exchange_http_2();
        case Step::write_body:
        case Step::end:
            break;
    }
    step_ = Step::end;
    return session_.body_writer_->write(*terms_.record.response, terms_.bounds.deadline);
}

void Session::Attempt::step_succeeded() {
    if (taken_ != Step::http_2) return;
    place_.answered(terms_.record.timings.wait, now());
    place_ = {};
    answered();
}

Boxed<SendFailure> Session::Attempt::step_failed(const Error& error) {
    if (!may_go_over_http_1()) return describe(error);
    place_.require_http_1();
    place_ = {};
    was_sent_to_http_1_ = true;
    begin_again_over_http_1();
    return {};
}

void Session::Attempt::answered() noexcept {
    step_ = terms_.record.response->saved_body ? Step::write_body : Step::end;
}

/// Forgets the exchange so far, but not what its connection took.
void Session::Attempt::begin_again_over_http_1() {
    const Timings before = terms_.record.timings;
    terms_.record = internal::ExchangeRecord();
    terms_.record.timings.dns = before.dns;
    terms_.record.timings.connect = before.connect;
    terms_.record.timings.tls = before.tls;
    step_ = Step::http_1;
}

std::string Session::Attempt::serialized_head() {
    const Headers& defaults = session_.headers_for(terms_.request);
    const auto relayed = session_.relayed_form(terms_.request.url);
    if (!relayed && &defaults == &session_.options_.headers) return session_.heads_->head_of(terms_.request);
    return internal::serialize_head(terms_.request, defaults, terms_.bounds.rules.decoding,
                                    relayed ? &*relayed : nullptr);
}

Task<void> Session::Attempt::run_http_1() {
    std::string head = serialized_head();
    auto lease = session_.pool_.try_lease(terms_.request.url.origin(), needs());
    if (!lease) lease = co_await wait_for_lease(needs());
    reused_ = lease->stream() != nullptr;
    if (!reused_) {
        co_await connect(*lease);
        // Another server of an origin whose others speak HTTP/1.1.
        if (speaks_http_2_) {
            auto opening = session_.h2_pool_->adopt(terms_.request.url.origin());
            co_return go_over_http_2(opening.add(std::move(*lease), now()));
        }
    }
    co_await exchange_http_1(*lease, std::move(head));
}

Task<void> Session::Attempt::exchange_http_1(ConnectionPool::Lease& lease, std::string head) {
    connection_ = lease.number();
    asked_before_body_ = internal::asks_before_body(terms_.request) && lease.habit().may_ask_before_body(now());
    if (asked_before_body_) internal::add_expectation(head);
    internal::Exchange exchange(*lease.stream(), terms_.request, terms_.bounds, terms_.record);
    try {
        co_await exchange.run(std::move(head), asked_before_body_);
    } catch (const Error& error) {
        if (was_stale(error)) lease.report_early_close(now());
        throw;
    }
    const bool was_question_refused = asked_before_body_ && terms_.record.response->status == expectation_failed;
    if (exchange.was_asked_in_vain() || was_question_refused) lease.habit().record_no_continue(now());
    const bool ends = internal::asks_to_close(terms_.request, session_.headers_for(terms_.request));
    if (!ends && exchange.keep_alive()) lease.keep(now(), exchange.server_idle_limit());
    answered();
    // A server that can't be asked before it gets the body refuses the question, not the request (RFC 9110, 10.1.1).
    if (was_question_refused) begin_again_over_http_1();
}

ConnectionNeeds Session::Attempt::needs() const {
    return ConnectionNeeds(is_repeatable(terms_.request) ? Repeatable::yes : Repeatable::no,
                           terms_.request.over_new_connection);
}

/// Waits for a turn where the number of connections is limited.
Task<ConnectionPool::Lease> Session::Attempt::wait_for_lease(ConnectionNeeds needs) {
    const ActivityScope activity_scope(trace::Activity::permit);
    CancelScope scope(terms_.bounds.deadline);
    session_.h2_pool_->close_idle();
    auto lease = co_await scope.run(session_.pool_.lease(terms_.request.url.origin(), needs));
    if (!lease) throw no_connection_in_time();
    co_return std::move(*lease);
}

Error Session::Attempt::no_connection_in_time() const {
    return Error(ErrorCode::timeout,
                 fmt::format("no connection became free in {}", in_words(terms_.bounds.deadline - start_)));
}

Task<void> Session::Attempt::connect(ConnectionPool::Lease& lease) {
    const Url& url = terms_.request.url;
    const net::Endpoint endpoint(std::string(url.host()), url.port());
    const Duration limit = std::min(bounded(session_.options_.timeouts.connect), terms_.bounds.deadline - now());
    connecting_ = ConnectStep::resolving;
    CancelScope scope(after(limit));
    const Offer offer = session_.h2_pool_->requires_http_1(url.origin()) ? Offer::http_1_1 : Offer::all;
    auto made = co_await scope.run(session_.connector_->connect(endpoint, url.is_https(), offer, *connecting_));
    if (!made) {
        throw Error(ErrorCode::timeout,
                    fmt::format("connect {}: timed out after {}", endpoint.to_string(), in_words(limit)));
    }
    lease.set(std::move(made->stream));
    terms_.record.timings.dns = made->dns;
    terms_.record.timings.connect = made->connect;
    terms_.record.timings.tls = made->tls;
    speaks_http_2_ = made->alpn == internal::alpn_http_2 || is_prior_knowledge();
    if (session_.options_.http == HttpChoice::http_2 && !speaks_http_2_) {
        throw Error(ErrorCode::protocol,
                    fmt::format("{} does not speak HTTP/2: use --http auto", endpoint.to_string()));
    }
}

Boxed<Response> Session::Attempt::take_response() {
    Response& response = *terms_.record.response;
    response.version = terms_.record.version;
    response.timings = terms_.record.timings;
    response.reused = reused_;
    response.connection = connection_;
    if (const Proxy* const relay = session_.relay_for(terms_.request.url)) response.relay = relay->to_string();
    return std::move(terms_.record.response);
}

/// Whether `error` means that a kept connection ended before the first byte of the answer.
bool Session::Attempt::was_stale(const Error& error) const noexcept {
    if (terms_.record.version == HttpVersion::http_2 && !terms_.record.met_silence) return false;
    return reused_ && error.code() == ErrorCode::reset && terms_.record.phase &&
           *terms_.record.phase != Phase::receiving;
}

SendFailure Session::Attempt::describe(const Error& error) {
    std::string message =
        fmt::format("{} {}: {}", terms_.request.method(), terms_.request.url.without_query(), error.what());
    if (terms_.record.phase || connecting_) {
        const auto step = terms_.record.phase ? name_of(*terms_.record.phase) : name_of(*connecting_);
        message += fmt::format(" ({}{}, {} after the start)", step, reused_ ? " on a kept connection" : "",
                               in_words(now() - start_));
    }
    SendFailure failure(error.code(), std::move(message),
                        terms_.record.any_byte_sent && !terms_.record.was_not_processed, was_stale(error),
                        terms_.record.was_not_processed && !terms_.record.needs_http_1);
    failure.connection = connection_;
    const Response* const answer = response();
    if (error.code() == ErrorCode::timeout && answer && !answer->body.empty() && is_stream(*answer)) {
        failure.partial = std::make_shared<Response>(std::move(*take_response()));
    }
    if (const auto* refusal = dynamic_cast<const internal::ProxyError*>(&error); refusal && refusal->is_permanent())
        failure.is_permanent = true;
    return failure;
}

}  // namespace plait::http
