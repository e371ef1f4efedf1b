#include "plait/watch/watch_server.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/random_token.hpp"
#include "plait/http/incoming/request_reader.hpp"
#include "plait/net/address.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/report/live_page.hpp"
#include "plait/watch/history.hpp"
#include "plait/watch/internal/messages.hpp"
#include "plait/watch/internal/route.hpp"
#include "plait/watch/internal/visitors.hpp"

#include <fmt/format.h>

#include <array>
#include <list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace plait::watch {

namespace {

using internal::Action;
using internal::Visitors;

const http::RequestBounds bounds(16 * 1024, 1024);

/// Closes the connection after an answer.
constexpr std::string_view closing = "Connection: close\r\n";

/// How long to wait for a free descriptor when no connection can be accepted.
constexpr Duration wait_for_descriptors = std::chrono::milliseconds(200);

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

net::Address loopback(std::string_view host, std::uint16_t port) { return *net::Address::parse(host, port); }

bool has_ipv6() {
    try {
        const net::TcpListener probe(loopback("::1", 0));
        return true;
    } catch (const Error&) {
        return false;
    }
}

using Listeners = std::vector<std::unique_ptr<net::TcpListener>>;

/// Listens at both loopback addresses, or else `localhost` might lead to another program at the same port.
Listeners listen(std::uint16_t port) {
    Listeners listeners;
    listeners.push_back(std::make_unique<net::TcpListener>(loopback("127.0.0.1", port)));
    if (has_ipv6())
        listeners.push_back(std::make_unique<net::TcpListener>(loopback("::1", listeners.front()->address().port())));
    return listeners;
}

Listeners listen_at_free_port() {
    // A port that is free at one address may be in use at the other.
    constexpr int most_tries = 20;
    for (int tries = 1;; ++tries) {
        try {
            return listen(0);
        } catch (const Error&) {
            if (tries == most_tries) throw;
        }
    }
}

}  // namespace

class WatchServer::Implementation {
  public:
    explicit Implementation(std::uint16_t port)
        : listeners_(port == 0 ? listen_at_free_port() : listen(port)),
          token_(random_token()),
          nonce_(random_token()) {}

    std::string url() const { return fmt::format("http://{}/{}/", listeners_.front()->address().to_string(), token_); }

    Task<void> serve(WatchedRun run);
    Task<void> follow(WatchedRun run);
    Task<void> serve_connection(std::unique_ptr<ByteStream> connection);
    void finish(const batch::RunReport& last);

  private:
    /// A page that hears of the run.
    struct Page {
        ByteStream* stream;
        bool is_sending = true;  ///< an event is on its way: nothing may be written between its parts
    };

    /// Adds a page to the list as long as it lives.
    class Listed {
      public:
        Listed(std::list<Page>& pages, ByteStream& stream)
            : pages_(pages), page_(pages.insert(pages.end(), {&stream})) {}
        Listed(const Listed&) = delete;
        Listed& operator=(const Listed&) = delete;
        ~Listed() { pages_.erase(page_); }
        Page& operator*() const noexcept { return *page_; }

      private:
        std::list<Page>& pages_;
        std::list<Page>::iterator page_;
    };

    Task<void> take_connections(net::TcpListener& listener, TaskGroup& connections);
    void take_state(const batch::RunReport& report, batch::Liveness liveness);
    Task<void> converse(ByteStream& stream, Visitors::Visitor& visitor);
    Task<bool> receive(ByteStream& stream, http::RequestReader& reader);
    std::string answer_to(const internal::Route& route);
    std::string refusal_of(const internal::Route& route) const;
    Task<void> send_events(ByteStream& stream);
    static Task<bool> send(ByteStream& stream, std::string text);

    Listeners listeners_;
    const std::string token_;
    const std::string nonce_;
    WatchedRun run_;
    Visitors visitors_{most_connections, most_strangers};

    History history_;
    std::string state_;                ///< the last event
    std::uint64_t version_ = 0;        ///< of the state
    std::uint64_t last_thinning_ = 0;  ///< the version with which older samples went
    Event changed_;
    bool has_ended_ = false;
    std::list<Page> pages_;
    std::array<std::byte, 4096> received_{};  ///< shared by all connections, none of which waits while it uses it
};

Task<void> WatchServer::Implementation::serve(WatchedRun run) {
    TaskGroup tasks;
    tasks.start(follow(std::move(run)), "state of the run");
    for (const auto& listener : listeners_) tasks.start(take_connections(*listener, tasks), "accept");
    co_await tasks.join();
}

Task<void> WatchServer::Implementation::take_connections(net::TcpListener& listener, TaskGroup& connections) {
    for (;;) {
        std::unique_ptr<ByteStream> connection;
        try {
            connection = co_await listener.accept();
        } catch (const Error&) {
        }
        if (!connection) {
            co_await sleep_for(wait_for_descriptors);
        } else {
            connections.start(serve_connection(std::move(connection)), "browser");
        }
    }
}

Task<void> WatchServer::Implementation::follow(WatchedRun run) {
    run_ = std::move(run);
    for (;;) {
        take_state(run_.report(), batch::Liveness::running);
        co_await sleep_for(interval);
    }
}

void WatchServer::Implementation::take_state(const batch::RunReport& report, batch::Liveness liveness) {
    const Sample sample(report);
    const History::Change change = history_.add(sample);
    ++version_;
    if (change == History::Change::thinned) last_thinning_ = version_;
    // The last one is told even if the one before is not old.
    const bool is_news = change != History::Change::none || liveness == batch::Liveness::ended;
    state_ = internal::state_event(report, liveness, is_news ? std::optional(sample) : std::nullopt);
    changed_.set();
    changed_.reset();
}

void WatchServer::Implementation::finish(const batch::RunReport& last) {
    take_state(last, batch::Liveness::ended);
    has_ended_ = true;
    for (const Page& page : pages_) {
        if (page.is_sending) continue;
        try {
            page.stream->try_write(bytes_of(state_));
            page.stream->close_write();
        } catch (const Error&) {
            // The browser has gone.
        }
    }
}

Task<void> WatchServer::Implementation::serve_connection(std::unique_ptr<ByteStream> connection) {
    Visitors::Visitor visitor(visitors_);
    if (!visitor.is_admitted()) co_return;
    try {
        co_await visitor.scope().run(converse(*connection, visitor));
    } catch (const Error&) {
        // The browser has gone, which is no trouble of the run.
    }
}

Task<void> WatchServer::Implementation::converse(ByteStream& stream, Visitors::Visitor& visitor) {
    http::RequestReader reader(bounds);
    for (;;) {
        const Duration limit = visitor.is_stranger() ? patience_with_strangers : patience;
        const std::optional<bool> has_arrived = co_await within(limit, receive(stream, reader));
        if (!has_arrived || !*has_arrived) co_return;
        if (reader.refusal() != 0) {
            std::string text = internal::refusal(reader.refusal(), closing);
            co_await send(stream, std::move(text));
            break;
        }
        const bool is_head = reader.request().method == "HEAD";
        const internal::Route route = internal::route_of(reader.request(), token_);
        if (route.has_token) visitor.trust();
        if (route.action == Action::events && !is_head) co_return co_await send_events(stream);
        std::string text = answer_to(route);
        if (is_head) text = internal::without_body(std::move(text));
        const bool is_sent = co_await send(stream, std::move(text));
        if (!is_sent || !route.has_token || route.action == Action::events || !reader.request().keep_alive) break;
    }
    stream.close_write();
}

/// Reads the next request. Returns false when there is none: the browser has closed.
Task<bool> WatchServer::Implementation::receive(ByteStream& stream, http::RequestReader& reader) {
    using Progress = http::RequestReader::Progress;
    Progress progress = reader.receive();
    while (progress == Progress::needs_more) {
        co_await stream.readable();
        const auto count = stream.try_read(received_);
        if (count == 0) co_return false;
        if (!count) continue;
        progress = reader.receive({reinterpret_cast<const char*>(received_.data()), *count});
    }
    co_return true;
}

std::string WatchServer::Implementation::answer_to(const internal::Route& route) {
    const Action action = route.action;
    if (action == Action::none) return refusal_of(route);
    if (action == Action::events) return internal::events_head();
    if (action == Action::page)
        return internal::answer(200, "text/html; charset=utf-8", report::live_page(nonce_), nonce_);
    if (!has_ended_) {
        if (action != Action::stop && run_.report().is_stopping) return internal::refusal(409);
        if (action == Action::pause) run_.pause();
        if (action == Action::resume) run_.resume();
        if (action == Action::stop) run_.stop();
        take_state(run_.report(), batch::Liveness::running);
    }
    return internal::answer(204, "", "");
}

std::string WatchServer::Implementation::refusal_of(const internal::Route& route) const {
    // A connection of a stranger has one request.
    if (!route.has_token) return internal::refusal(route.status, closing);
    if (route.status == 308) return internal::refusal(route.status, fmt::format("Location: /{}/\r\n", token_));
    if (!route.methods.empty()) return internal::refusal(route.status, fmt::format("Allow: {}\r\n", route.methods));
    return internal::refusal(route.status);
}

/// Sends what is new, as long as the browser takes it. One that has missed a sample gets them all.
Task<void> WatchServer::Implementation::send_events(ByteStream& stream) {
    const Listed page(pages_, stream);
    std::uint64_t sent = 0;  // the version
    std::string text = internal::events_head();
    while (!has_ended_) {
        if (sent == 0 || version_ != sent + 1 || last_thinning_ == version_)
            text += internal::history_event(run_.name, history_);
        text += state_;
        sent = version_;
        (*page).is_sending = true;
        const bool is_taken = co_await send(stream, std::move(text));
        (*page).is_sending = false;
        if (!is_taken) co_return;
        text.clear();
        if (version_ == sent) co_await changed_.wait();
    }
}

/// Returns false when the browser does not take it in time.
Task<bool> WatchServer::Implementation::send(ByteStream& stream, std::string text) {
    co_return co_await within(patience, write_all(stream, bytes_of(text)));
}

WatchServer::WatchServer(std::uint16_t port) : implementation_(std::make_unique<Implementation>(port)) {}
WatchServer::WatchServer(WatchServer&&) noexcept = default;
WatchServer& WatchServer::operator=(WatchServer&&) noexcept = default;
WatchServer::~WatchServer() = default;

std::string WatchServer::url() const { return implementation_->url(); }
Task<void> WatchServer::serve(WatchedRun run) { return implementation_->serve(std::move(run)); }
Task<void> WatchServer::follow(WatchedRun run) { return implementation_->follow(std::move(run)); }
Task<void> WatchServer::serve_connection(std::unique_ptr<ByteStream> connection) {
    return implementation_->serve_connection(std::move(connection));
}
void WatchServer::finish(const batch::RunReport& last) { implementation_->finish(last); }

}  // namespace plait::watch
