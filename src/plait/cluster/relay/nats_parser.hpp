#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace plait::cluster {

/// What a NATS server sends: bytes in, events out. Only the core protocol, without headers (docs.nats.io, "Client
/// Protocol").
class NatsParser {
  public:
    /// The most bytes of a line. INFO lists the servers of a cluster.
    static constexpr std::size_t most_line_bytes = std::size_t{64} * 1024;
    /// The most bytes of a message; servers permit 1 MiB unless they are told otherwise.
    static constexpr std::size_t most_payload_bytes = std::size_t{16} * 1024 * 1024;

    /// About the server, as JSON.
    struct Info {
        std::string_view json;
    };
    struct Message {
        std::string_view subject;
        std::string_view payload;
    };
    struct Ping {};
    struct Pong {};
    /// What the server did not like, such as `Authorization Violation`.
    struct Refused {
        std::string_view why;
    };
    using Event = std::variant<Info, Message, Ping, Pong, Refused>;

    void feed(std::string_view bytes);

    /// Returns the next event that is complete. Its texts are valid until the next call of anything. Throws
    /// `Error(protocol)`; nothing can be read after that.
    std::optional<Event> next();

  private:
    std::optional<Event> read_line(std::string_view line);
    void begin_message(std::string_view arguments);
    std::optional<Event> read_payload();

    struct Pending {
        std::string subject;
        std::size_t bytes;
    };

    std::string buffer_;
    std::size_t start_ = 0;    ///< of what was not read yet
    std::size_t scanned_ = 0;  ///< up to here, there is no end of a line
    std::optional<Pending> pending_;
    std::string subject_;
};

/// What the head of a server's INFO says.
class NatsServerInfo {
  public:
    /// Throws `Error(protocol)`.
    explicit NatsServerInfo(std::string_view json);

    std::string version;
    std::string nonce;
    std::uint64_t max_payload = 0;
    bool tls_required = false;
    bool tls_available = false;
    bool auth_required = false;
};

}  // namespace plait::cluster
