#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/base/random.hpp"
#include "plait/cluster/relay/nats_address.hpp"
#include "plait/cluster/relay/nats_login.hpp"
#include "plait/cluster/relay/nats_parser.hpp"
#include "plait/net/resolver.hpp"
#include "plait/net/tls_stream.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plait::cluster {

class NatsOptions {
  public:
    explicit NatsOptions(NatsAddress address_) : address(std::move(address_)) {}

    NatsAddress address;
    NatsLogin login;
    /// How the server is verified, for `tls://`.
    net::TlsOptions tls;
    /// The name of this client in the server's lists.
    std::string name = "plait";
    /// Whether the first connection is tried for ever, too. Else `run` throws when it fails.
    bool waits_for_server = false;

    /// Called with each message. The texts are valid during the call.
    std::function<void(std::string_view subject, std::string_view payload)> on_message;
    /// Called after each connection was made, also after a break.
    std::function<void()> on_connected;
    /// Called before each write: publishes what was held back until then. Also after a break, when publishing drops it.
    std::function<void()> before_write;
    /// Called with a sentence when the connection breaks, can't be made, or the server refuses something. The same
    /// sentence comes once in a row.
    std::function<void(const std::string& sentence)> on_trouble;
    /// Called with a sentence when the login lacks a permission that was needed; the connection stays. Empty: then
    /// `on_trouble` is.
    std::function<void(const std::string& sentence)> on_denied;
};

/// A client of a NATS server: publishes and subscribes, and connects again for ever after a break. What was published
/// and had not reached the server is then lost, and so is what others published meanwhile.
///
/// Belongs to one loop. `run` does the work.
class NatsClient {
  public:
    /// How long a new connection may take, until the server has answered.
    static constexpr Duration connect_limit = std::chrono::seconds(5);
    /// The wait before each attempt to connect again: between the two, at random, so that clients don't come at once.
    static constexpr Duration shortest_pause = std::chrono::milliseconds(100);
    static constexpr Duration longest_pause = std::chrono::milliseconds(500);
    /// How often the server is asked whether it is there, and how long it may be silent.
    static constexpr Duration ping_interval = std::chrono::seconds(1);
    static constexpr Duration longest_silence = std::chrono::seconds(3);
    /// A server must take messages of this many bytes; by default, they take 1 MiB.
    static constexpr std::size_t least_payload = 1'000'000;
    /// The most bytes that wait to be written. More is not taken.
    static constexpr std::size_t most_waiting = std::size_t{64} * 1024 * 1024;

    explicit NatsClient(NatsOptions options);
    NatsClient(const NatsClient&) = delete;
    NatsClient& operator=(const NatsClient&) = delete;

    /// Keeps a connection until it is cancelled. Throws `Error` when the server refuses the login, breaks the protocol,
    /// or does not encrypt although it must, and the first connection was not made yet; with `waits_for_server`, only
    /// for a refused login, and for a server that takes only small messages.
    Task<void> run();

    /// Publishes, if there is a connection and room; else returns false, and the message is lost.
    bool publish(std::string_view subject, std::string_view payload);
    /// Lets `before_write` be called soon: when the tasks that are ready have run.
    void write_soon();
    /// Receives what is published on this subject; `*` stands for any word, a `>` at the end for any words.
    void subscribe(std::string subject);
    void unsubscribe(std::string_view subject);

    bool is_connected() const noexcept { return is_connected_; }
    /// The most bytes of a message that the server takes.
    std::size_t max_payload() const noexcept { return max_payload_; }
    /// Waits until everything published so far has been written, or the connection broke.
    Task<void> flush();

  private:
    struct Subscription {
        std::uint64_t id;
        std::string subject;
    };

    Task<void> connect_and_serve();
    Task<void> connect();
    Task<std::unique_ptr<ByteStream>> encrypted(std::unique_ptr<ByteStream> stream, const NatsServerInfo& info);
    Task<NatsServerInfo> read_info();
    Task<void> wait_until_welcome();
    Task<void> fill();
    Task<void> read_all();
    Task<void> write_all_published();
    Task<void> ask_whether_alive();
    void take(const NatsParser::Event& event);
    void refused(std::string_view why);
    void write_subscription(const Subscription& subscription);
    void tell(const std::string& sentence);

    const NatsOptions options_;
    net::Resolver resolver_;
    net::TlsContext tls_;
    Random random_;
    std::unique_ptr<ByteStream> stream_;
    std::unique_ptr<NatsParser> parser_;
    std::vector<std::byte> incoming_;
    std::string waiting_;
    std::string writing_;
    Event has_waiting_;
    Event is_written_;
    std::vector<Subscription> subscriptions_;
    std::uint64_t next_subscription_ = 1;
    std::size_t max_payload_ = 0;
    TimePoint heard_{};
    std::string told_;
    bool is_connected_ = false;
    bool was_connected_ = false;
};

}  // namespace plait::cluster
