#include "plait/net/tls_stream.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/testing/async_test.hpp"
#include "plait/testing/check_byte_stream.hpp"
#include "plait/testing/memory_stream.hpp"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <tuple>
#include <utility>

using namespace plait;
using namespace plait::net;
using namespace std::chrono_literals;
using testing::check_byte_stream;
using testing::memory_streams;
using testing::MemoryStream;
using testing::MemoryStreamOptions;
using testing::read_until;
using testing::StreamPair;
using testing::write_text;

namespace {

/// A file that is deleted after the test.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& text)
        : path_(std::filesystem::temp_directory_path() / ("plait_tls_test_" + std::to_string(::getpid()) + ".pem")) {
        std::ofstream(path_) << text;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path_); }
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

Certificate certificate_for(std::string name) {
    std::vector<std::string> names(1, std::move(name));
    return make_certificate(CertificateOptions(std::move(names)));
}

/// The settings of a connection between a client and a server in memory.
struct Case {
    Case() {}

    std::string host = "api.example";
    Certificate certificate = certificate_for("api.example");
    std::optional<std::string> trusted;  ///< the server's own certificate
    bool verify = true;
    TlsVersion version = TlsVersion::v1_3;
    std::vector<std::string> offered{};   ///< by the client, with ALPN
    std::vector<std::string> accepted{};  ///< by the server
    MemoryStreamOptions streams;
};

/// Both ends of a TLS connection, and the plain stream below the client's, to inspect and break the wire.
struct Connection {
    Connection() {}

    std::unique_ptr<TlsStream> client;
    std::unique_ptr<TlsStream> server;
    MemoryStream* client_wire = nullptr;
    MemoryStream* server_wire = nullptr;
    std::string client_error;
    std::string server_error;
};

Task<void> connect_client(TlsContext& context, std::unique_ptr<ByteStream> wire, std::string host, Connection& result) {
    Endpoint endpoint(std::move(host), 443);
    try {
        result.client = co_await context.connect(std::move(wire), std::move(endpoint));
    } catch (const Error& error) {
        // Only a broken connection may succeed the next time.
        const bool breaks_off = std::string_view(error.what()).ends_with("closed the connection in the handshake");
        CHECK(error.code() == (breaks_off ? ErrorCode::reset : ErrorCode::tls));
        result.client_error = error.what();
    }
}

Task<void> accept_client(TlsServerContext& context, std::unique_ptr<ByteStream> wire, Connection& result) {
    std::string peer = "the client";
    try {
        result.server = co_await context.accept(std::move(wire), std::move(peer));
    } catch (const Error& error) {
        result.server_error = error.what();
    }
}

Task<Connection> connect(Case options) {
    const TemporaryFile trusted(options.trusted.value_or(options.certificate.certificate));
    TlsOptions client_options;
    client_options.ca_file = trusted.path();
    client_options.verify = options.verify;
    client_options.protocols = options.offered;
    TlsContext client(std::move(client_options));
    TlsServerOptions server_options(options.certificate);
    server_options.newest = options.version;
    server_options.protocols = options.accepted;
    TlsServerContext server(std::move(server_options));

    Connection result;
    auto [client_wire, server_wire] = memory_streams(options.streams);
    result.client_wire = client_wire.get();
    result.server_wire = server_wire.get();
    TaskGroup group;
    group.start(connect_client(client, std::move(client_wire), options.host, result));
    group.start(accept_client(server, std::move(server_wire), result));
    co_await group.join();
    co_return result;
}

Task<StreamPair> connect_ends(Case options) {
    auto connection = co_await connect(std::move(options));
    REQUIRE(connection.client);
    co_return StreamPair(std::move(connection.client), std::move(connection.server));
}

Task<std::string> client_failure(Case options) {
    const auto connection = co_await connect(std::move(options));
    CHECK_FALSE(connection.client);
    co_return connection.client_error;
}

Task<std::string> reset_message(ByteStream& stream) {
    try {
        co_await read_until(stream, "\n");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::reset);
        co_return error.what();
    }
    co_return "no error";
}

Task<void> answer_hello(std::unique_ptr<ByteStream> wire, std::string answer) {
    std::array<std::byte, 2048> hello;
    co_await read_some(*wire, hello);
    co_await write_text(*wire, std::move(answer));
}

/// Returns the error of a client whose peer replies `answer` to its first message and closes.
Task<std::string> failure_with_peer(std::string answer) {
    auto [client_wire, peer_wire] = memory_streams();
    TlsContext context;
    Connection result;
    TaskGroup group;
    group.start(answer_hello(std::move(peer_wire), std::move(answer)));
    group.start(connect_client(context, std::move(client_wire), "api.example", result));
    co_await group.join();
    co_return result.client_error;
}

TlsServerContext server_context(const Certificate& certificate, TlsVersion newest) {
    TlsServerOptions options(certificate);
    options.newest = newest;
    return TlsServerContext(std::move(options));
}

/// Makes a new client with these settings, exchanges a line over a connection, and returns whether it was resumed.
Task<bool> resumes(std::string host, const TemporaryFile& trusted, TlsServerContext& server,
                   std::vector<std::string> protocols = {}) {
    TlsOptions options;
    options.ca_file = trusted.path();
    options.protocols = std::move(protocols);
    TlsContext client(std::move(options));
    Connection ends;
    auto [client_wire, server_wire] = memory_streams();
    TaskGroup group;
    group.start(connect_client(client, std::move(client_wire), std::move(host), ends));
    group.start(accept_client(server, std::move(server_wire), ends));
    co_await group.join();
    co_await write_text(*ends.server, "hello\n");
    co_await read_until(*ends.client, "\n");  // and the sessions before it
    CHECK(ends.client->was_resumed() == ends.server->was_resumed());
    co_return ends.client->was_resumed();
}

constexpr std::array both_versions{TlsVersion::v1_2, TlsVersion::v1_3};

}  // namespace

ASYNC_TEST("a connection keeps the contract of a byte stream, however its bytes are split") {
    for (const TlsVersion version : both_versions) {
        for (const std::size_t largest_read : {1, 3, 4096}) {
            CAPTURE(static_cast<int>(version));
            CAPTURE(largest_read);
            Case options;
            options.version = version;
            options.streams.largest_read = largest_read;
            options.streams.capacity = 4096;  // so that writers have to wait, too
            const auto connected = [&options] { return connect_ends(options); };
            co_await check_byte_stream(connected);
        }
    }
}

ASYNC_TEST("both ends know the protocol that they agreed on") {
    const std::vector<std::string> both{"h2", "http/1.1"};
    const std::vector<std::string> old{"http/1.1"};
    using Expected = std::tuple<std::vector<std::string>, std::vector<std::string>, std::string>;
    for (const auto& [offered, accepted, agreed] : {Expected(both, both, "h2"), Expected(both, old, "http/1.1"),
                                                    Expected(both, {}, ""), Expected({}, both, "")}) {
        CAPTURE(agreed);
        Case options;
        options.offered = offered;
        options.accepted = accepted;
        auto ends = co_await connect(std::move(options));
        REQUIRE(ends.client);
        CHECK(ends.client->alpn() == agreed);
        CHECK(ends.server->alpn() == agreed);
    }
}

ASYNC_TEST("a later connection to the same server resumes a session, through any context with equal settings") {
    for (const TlsVersion version : both_versions) {
        CAPTURE(static_cast<int>(version));
        const Certificate certificate = certificate_for("api.example");
        const TemporaryFile trusted(certificate.certificate);
        TlsServerContext server = server_context(certificate, version);
        CHECK_FALSE(co_await resumes("api.example", trusted, server));
        CHECK(co_await resumes("api.example", trusted, server));
        CHECK(co_await resumes("api.example", trusted, server));
        CHECK_FALSE(co_await resumes("api.example.", trusted, server));  // another name

        // A server that knows none of its sessions any more makes a whole handshake.
        TlsServerContext restarted = server_context(certificate, version);
        CHECK_FALSE(co_await resumes("api.example", trusted, restarted));
        CHECK(co_await resumes("api.example", trusted, restarted));
    }
}

ASYNC_TEST("a session is not resumed under other settings") {
    const Certificate certificate = certificate_for("api.example");
    TlsServerContext server = server_context(certificate, TlsVersion::v1_3);
    const std::vector<std::string> protocols(1, "http/1.1");
    {
        const TemporaryFile trusted(certificate.certificate);
        CHECK_FALSE(co_await resumes("api.example", trusted, server));
        CHECK_FALSE(co_await resumes("api.example", trusted, server, protocols));
        CHECK(co_await resumes("api.example", trusted, server));
    }
    const TemporaryFile replaced(certificate.certificate + certificate.certificate);
    CHECK_FALSE(co_await resumes("api.example", replaced, server));
}

ASYNC_TEST("the wire shows none of the plain text") {
    for (const TlsVersion version : both_versions) {
        CAPTURE(static_cast<int>(version));
        Case options;
        options.version = version;
        auto ends = co_await connect(std::move(options));
        REQUIRE(ends.client);
        co_await write_text(*ends.client, "a secret question\n");
        CHECK(co_await read_until(*ends.server, "\n") == "a secret question\n");
        CHECK(ends.client_wire->written().find("secret") == std::string::npos);
    }
}

ASYNC_TEST("host names and addresses are verified") {
    for (const char* host : {"api.example", "127.0.0.1", "::1", "deep.under.example"}) {
        CAPTURE(host);
        Case options;
        options.host = host;
        options.certificate = certificate_for(host);
        CHECK((co_await connect(std::move(options))).client);
    }
}

ASYNC_TEST("a wildcard matches one label, and a final dot is ignored") {
    Case star;
    star.certificate = certificate_for("*.api.example");
    star.host = "v1.api.example";
    CHECK((co_await connect(star)).client);
    star.host = "deep.v1.api.example";
    CHECK(co_await client_failure(star) == "tls deep.v1.api.example:443: the certificate is for *.api.example");
    Case dot;
    dot.host = "api.example.";
    CHECK((co_await connect(dot)).client);
}

ASYNC_TEST("a certificate for another host is refused, and the error names that host") {
    Case options;
    std::vector<std::string> names{"other.example", "10.0.0.1", "::1"};
    options.certificate = make_certificate(CertificateOptions(std::move(names)));
    CHECK(co_await client_failure(options) ==
          "tls api.example:443: the certificate is for other.example, 10.0.0.1, ::1");
    options.host = "10.0.0.2";
    CHECK((co_await client_failure(options)).ends_with("the certificate is for other.example, 10.0.0.1, ::1"));
}

ASYNC_TEST("a certificate that names its host only as its Common Name is refused") {
    Case options;
    CertificateOptions old(std::vector<std::string>(1, "api.example"));
    old.has_common_name_only = true;
    options.certificate = make_certificate(old);
    CHECK(co_await client_failure(options) ==
          "tls api.example:443: the certificate lists no host (subjectAltName); its Common Name api.example does not "
          "count");
    options.verify = false;
    CHECK((co_await connect(options)).client);
}

ASYNC_TEST("a certificate with many names is described by some of them") {
    Case options;
    std::vector<std::string> names;
    for (const char* name : {"a", "b", "c", "d", "e", "f", "g"}) names.push_back(name + std::string(".example"));
    options.certificate = make_certificate(CertificateOptions(std::move(names)));
    CHECK((co_await client_failure(std::move(options)))
              .ends_with("a.example, b.example, c.example, d.example, e.example and 2 more"));
}

ASYNC_TEST("a self-signed certificate is refused with advice") {
    Case options;
    options.trusted = certificate_for("someone.else").certificate;
    CHECK(co_await client_failure(std::move(options)) ==
          "tls api.example:443: the certificate is self-signed; use --cacert FILE to trust it");
}

ASYNC_TEST("a certificate of an issuer that is not trusted is refused with the issuer's name") {
    const Certificate authority = certificate_for("Example Authority");
    Case options;
    std::vector<std::string> names(1, "api.example");
    options.certificate = make_certificate(CertificateOptions(std::move(names)), &authority);
    options.trusted = certificate_for("someone.else").certificate;
    CHECK(co_await client_failure(options) ==
          "tls api.example:443: the certificate's issuer Example Authority is not trusted; use --cacert FILE to trust "
          "it");
    options.trusted = authority.certificate;
    CHECK((co_await connect(options)).client);
    options.trusted = options.certificate.certificate;  // the end of the chain itself
    CHECK((co_await connect(options)).client);
}

ASYNC_TEST("a server shows the certificates between its own and the one that is trusted") {
    const Certificate root = certificate_for("Root");
    std::vector<std::string> between_names(1, "Between");
    CertificateOptions between_options(std::move(between_names));
    between_options.is_authority = true;
    const Certificate between = make_certificate(between_options, &root);
    Case options;
    std::vector<std::string> names(1, "api.example");
    options.certificate = make_certificate(CertificateOptions(std::move(names)), &between);
    options.trusted = root.certificate;
    CHECK(co_await client_failure(options) ==
          "tls api.example:443: the certificate's issuer Between is not trusted; use --cacert FILE to trust it");
    options.certificate.certificate += between.certificate;
    CHECK((co_await connect(options)).client);
}

ASYNC_TEST("a certificate that has expired, or is not valid yet, is refused with the time") {
    std::vector<std::string> names(1, "api.example");
    CertificateOptions past(names);
    past.begins = -48h;
    past.ends = -24h;
    Case options;
    options.certificate = make_certificate(past);
    CHECK((co_await client_failure(options)).starts_with("tls api.example:443: the certificate has expired on "));
    CertificateOptions future(names);
    future.begins = 24h;
    future.ends = 48h;
    options.certificate = make_certificate(future);
    CHECK((co_await client_failure(options)).ends_with("; is the clock right?"));
}

ASYNC_TEST("without verification any certificate will do") {
    Case options;
    options.certificate = certificate_for("other.example");
    options.trusted = certificate_for("someone.else").certificate;
    options.verify = false;
    CHECK((co_await connect(std::move(options))).client);
}

ASYNC_TEST("an end without close_notify is an error, since the answer may be cut") {
    for (const TlsVersion version : both_versions) {
        Case options;
        options.version = version;
        auto ends = co_await connect(std::move(options));
        co_await write_text(*ends.server, "half an ans");
        ends.server_wire->close_write();
        CHECK(co_await reset_message(*ends.client) ==
              "read from api.example:443: the connection ended without TLS's own end (close_notify): something may be "
              "missing");
    }
}

ASYNC_TEST("a client that closes a connection says that this is the end") {
    for (const TlsVersion version : both_versions) {
        Case options;
        options.version = version;
        auto ends = co_await connect(std::move(options));
        co_await write_text(*ends.client, "bye");
        ends.client.reset();
        CHECK(co_await read_until(*ends.server, "bye") == "bye");
        std::array<std::byte, 16> rest{};
        CHECK(co_await read_some(*ends.server, rest) == 0);
    }
}

ASYNC_TEST("a server that is destroyed does not say that its answer was complete") {
    auto ends = co_await connect(Case());
    co_await write_text(*ends.server, "half an ans");
    ends.server.reset();
    CHECK(co_await reset_message(*ends.client) != "no error");
}

ASYNC_TEST("a client that resets its connection does not say that this is the end") {
    auto ends = co_await connect(Case());
    ends.client->reset_at_close();
    ends.client.reset();
    CHECK(co_await reset_message(*ends.server) != "no error");
}

ASYNC_TEST("a reset of the connection below is reported") {
    auto ends = co_await connect(Case());
    ends.server_wire->reset();
    CHECK(co_await reset_message(*ends.client) == "memory: connection reset by the peer");
}

ASYNC_TEST("a peer that closes in the handshake is named") {
    CHECK(co_await failure_with_peer("") == "tls api.example:443: the peer has closed the connection in the handshake");
}

ASYNC_TEST("a peer that does not speak TLS is recognised") {
    CHECK(co_await failure_with_peer("HTTP/1.1 400 Bad Request\r\n\r\n") ==
          "tls api.example:443: the peer does not speak TLS there; is it plain http?");
}

ASYNC_TEST("a client that does not speak TLS is recognised") {
    auto [client, wire] = memory_streams();
    co_await write_text(*client, "GET / HTTP/1.1\r\n\r\n");
    TlsServerContext server{TlsServerOptions(certificate_for("api.example"))};
    Connection result;
    co_await accept_client(server, std::move(wire), result);
    CHECK(result.server_error == "tls the client: the peer does not speak TLS there; is it plain http?");
}

ASYNC_TEST("a byte that was decrypted but not asked for is surplus") {
    auto ends = co_await connect(Case());
    co_await write_text(*ends.server, "answer\n!");
    CHECK(co_await read_until(*ends.client, "\n") == "answer\n");
    CHECK_FALSE(ends.client->is_quiet());
}

ASYNC_TEST("a handshake that never ends can be cancelled") {
    auto [wire, silent] = memory_streams();
    TlsContext context;
    Endpoint endpoint("api.example", 443);
    CHECK_FALSE(co_await within(1h, context.connect(std::move(wire), std::move(endpoint))));
}

ASYNC_TEST("an unusable file of trusted certificates is named") {
    using Bad = std::pair<std::string, std::string>;
    for (const auto& [path, reason] :
         {Bad("/no/such/file.pem", "No such file or directory"), Bad("/dev/null", "no certificate or crl found")}) {
        TlsOptions options;
        options.ca_file = path;
        TlsContext context(std::move(options));
        auto [wire, silent] = memory_streams();
        Endpoint endpoint("api.example", 443);
        std::string message;
        try {
            co_await context.connect(std::move(wire), std::move(endpoint));
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::bad_input);
            message = error.what();
        }
        CHECK(message == "read trusted certificates from " + path + ": " + reason + "; --cacert takes a PEM file");
    }
}

TEST_CASE("a server needs a certificate and its key") {
    const Certificate one = certificate_for("one.example");
    const Certificate other = certificate_for("other.example");
    CHECK_THROWS_AS(TlsServerContext(TlsServerOptions(Certificate(one.certificate, other.private_key))), Error);
    CHECK_THROWS_AS(TlsServerContext(TlsServerOptions(Certificate("", ""))), Error);
}
