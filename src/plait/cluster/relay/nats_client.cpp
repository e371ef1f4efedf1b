#include "plait/cluster/relay/nats_client.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/json_string.hpp"
#include "plait/net/tcp_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <variant>

namespace plait::cluster {

namespace {

constexpr std::size_t read_bytes = std::size_t{128} * 1024;

/// The server is of no use: no further attempt will change that.
class Unusable : public Error {
  public:
    using Error::Error;
};

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

NatsClient::NatsClient(NatsOptions options)
    : options_(std::move(options)),
      tls_(options_.tls),
      random_(std::random_device()()),
      incoming_(read_bytes),
      has_waiting_(trace::Wait::item),
      is_written_(trace::Wait::event) {
    is_written_.set();
}

Task<void> NatsClient::run() {
    for (;;) {
        std::optional<std::string> trouble;
        try {
            co_await connect_and_serve();
        } catch (const Unusable& error) {
            if (!was_connected_) throw;
            trouble = error.what();
        } catch (const Error& error) {
            if (!was_connected_ && !options_.waits_for_server) {
                throw Error(error.code(), fmt::format("broker {}: {}; is its NATS server running?",
                                                      options_.address.to_string(), error.what()));
            }
            trouble = error.what();
        }
        is_connected_ = false;
        if (options_.before_write) options_.before_write();
        waiting_.clear();  // a new connection begins with nothing: what is told late would be told in a wrong order
        is_written_.set();
        stream_.reset();
        tell(fmt::format("broker {}: {}; trying again", options_.address.to_string(), trouble.value_or("closed")));
        const auto spread = static_cast<double>((longest_pause - shortest_pause).count());
        co_await sleep_for(shortest_pause + Duration(static_cast<Duration::rep>(draw(random_) * spread)));
    }
}

Task<void> NatsClient::connect_and_serve() {
    const bool in_time = co_await within(connect_limit, connect());
    if (!in_time) {
        throw Error(ErrorCode::timeout,
                    fmt::format("connect {}: no answer within {} s", options_.address.endpoint.to_string(),
                                connect_limit / std::chrono::seconds(1)));
    }
    is_connected_ = was_connected_ = true;
    told_.clear();
    heard_ = now();
    for (const Subscription& subscription : subscriptions_) write_subscription(subscription);
    if (options_.on_connected) options_.on_connected();
    TaskGroup parts;
    parts.start(read_all(), "nats read");
    parts.start(write_all_published(), "nats write");
    parts.start(ask_whether_alive(), "nats ping");
    co_await parts.join();
}

Task<void> NatsClient::connect() {
    const net::Endpoint& endpoint = options_.address.endpoint;
    parser_ = std::make_unique<NatsParser>();
    std::vector<net::Address> addresses = co_await resolver_.resolve(endpoint);
    stream_ = co_await net::connect_tcp(endpoint, std::move(addresses));
    const NatsServerInfo info = co_await read_info();
    max_payload_ = info.max_payload;
    if (max_payload_ < least_payload) {
        throw Unusable(ErrorCode::bad_input,
                       fmt::format("broker {}: it takes messages of at most {} bytes, and {} are needed: raise its "
                                   "max_payload",
                                   options_.address.to_string(), max_payload_, least_payload));
    }
    if (options_.address.is_encrypted || info.tls_required) stream_ = co_await encrypted(std::move(stream_), info);
    std::string name;
    append_json_string(name, options_.name);
    const std::string hello = fmt::format(
        "CONNECT {{\"verbose\":false,\"pedantic\":false,\"lang\":\"c++\",\"version\":\"1\",\"protocol\":1,"
        "\"echo\":true,\"headers\":false,\"tls_required\":{},\"name\":{}{}}}\r\nPING\r\n",
        options_.address.is_encrypted, name, options_.login.fields(info.nonce));
    co_await write_all(*stream_, bytes_of(hello));
    co_await wait_until_welcome();
}

/// `tls://` is never a plain connection, whatever the server says.
Task<std::unique_ptr<ByteStream>> NatsClient::encrypted(std::unique_ptr<ByteStream> stream,
                                                        const NatsServerInfo& info) {
    const net::Endpoint& endpoint = options_.address.endpoint;
    if (!info.tls_required && !info.tls_available) {
        throw Error(ErrorCode::tls,
                    fmt::format("connect {}: the server offers no TLS, and tls:// asks for it", endpoint.to_string()));
    }
    co_return co_await tls_.connect(std::move(stream), endpoint);
}

Task<void> NatsClient::fill() {
    const std::size_t count = co_await read_some(*stream_, incoming_);
    if (count == 0) throw Error(ErrorCode::reset, "the server closed the connection");
    parser_->feed(std::string_view(reinterpret_cast<const char*>(incoming_.data()), count));
}

Task<NatsServerInfo> NatsClient::read_info() {
    for (;;) {
        if (const auto event = parser_->next()) {
            const auto* const info = std::get_if<NatsParser::Info>(&*event);
            if (!info) throw Error(ErrorCode::protocol, "not a NATS server: it does not begin with INFO");
            co_return NatsServerInfo(info->json);
        }
        co_await fill();
    }
}

/// Waits for the answer to our PING, which follows CONNECT: then the login was taken.
Task<void> NatsClient::wait_until_welcome() {
    for (;;) {
        while (const auto event = parser_->next()) {
            if (std::holds_alternative<NatsParser::Pong>(*event)) co_return;
            if (const auto* const refusal = std::get_if<NatsParser::Refused>(&*event)) {
                const std::string what = options_.login.empty()
                                             ? "it asks for a login: name a file with --cluster-creds"
                                             : "it refuses the login of --cluster-creds";
                throw Unusable(ErrorCode::bad_input,
                               fmt::format("broker {}: {} ({})", options_.address.to_string(), what, refusal->why));
            }
        }
        co_await fill();
    }
}

Task<void> NatsClient::read_all() {
    for (;;) {
        while (const auto event = parser_->next()) take(*event);
        co_await fill();
        heard_ = now();
    }
}

void NatsClient::take(const NatsParser::Event& event) {
    if (const auto* const message = std::get_if<NatsParser::Message>(&event)) {
        options_.on_message(message->subject, message->payload);
    } else if (std::holds_alternative<NatsParser::Ping>(event)) {
        waiting_ += "PONG\r\n";
        has_waiting_.set();
    } else if (const auto* const refusal = std::get_if<NatsParser::Refused>(&event)) {
        refused(refusal->why);
    }
}

/// After most refusals the server closes the connection. A missing permission is told in no other way: to publish looks
/// as if it had worked.
void NatsClient::refused(std::string_view why) {
    const bool stays_open = why.starts_with("Permissions Violation") || why.starts_with("permissions violation");
    if (!stays_open) throw Error(ErrorCode::reset, fmt::format("the server says: {}", why));
    const std::string sentence =
        fmt::format("broker {}: the login has no permission: {} (docs/cluster.md has those that are needed)",
                    options_.address.to_string(), why);
    if (options_.on_denied) return options_.on_denied(sentence);
    tell(sentence);
}

Task<void> NatsClient::write_all_published() {
    for (;;) {
        co_await has_waiting_.wait();
        if (options_.before_write) options_.before_write();
        has_waiting_.reset();
        writing_.clear();
        std::swap(writing_, waiting_);
        co_await write_all(*stream_, bytes_of(writing_));
        if (!has_waiting_.is_set()) is_written_.set();
    }
}

Task<void> NatsClient::ask_whether_alive() {
    for (;;) {
        co_await sleep_for(ping_interval);
        if (now() - heard_ > longest_silence) throw Error(ErrorCode::timeout, "the server is silent");
        waiting_ += "PING\r\n";
        has_waiting_.set();
    }
}

bool NatsClient::publish(std::string_view subject, std::string_view payload) {
    if (!is_connected_ || waiting_.size() + payload.size() > most_waiting || payload.size() > max_payload_)
        return false;
    const fmt::format_int size(payload.size());
    waiting_.append("PUB ").append(subject).append(" ").append(size.data(), size.size()).append("\r\n");
    waiting_.append(payload).append("\r\n");
    write_soon();
    return true;
}

void NatsClient::write_soon() {
    is_written_.reset();
    has_waiting_.set();
}

void NatsClient::subscribe(std::string subject) {
    subscriptions_.push_back({next_subscription_++, std::move(subject)});
    if (is_connected_) write_subscription(subscriptions_.back());
}

void NatsClient::unsubscribe(std::string_view subject) {
    const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                    [subject](const Subscription& known) { return known.subject == subject; });
    if (found == subscriptions_.end()) return;
    if (is_connected_) {
        waiting_ += fmt::format("UNSUB {}\r\n", found->id);
        has_waiting_.set();
    }
    subscriptions_.erase(found);
}

void NatsClient::write_subscription(const Subscription& subscription) {
    waiting_ += fmt::format("SUB {} {}\r\n", subscription.subject, subscription.id);
    has_waiting_.set();
}

Task<void> NatsClient::flush() { co_await is_written_.wait(); }

void NatsClient::tell(const std::string& sentence) {
    if (sentence == told_) return;
    told_ = sentence;
    if (options_.on_trouble) options_.on_trouble(sentence);
}

}  // namespace plait::cluster
