// A short connection over TLS: whole handshakes beside resumed ones, and the first call of a session. The server is a
// process of its own, so the CPU time is the client's.

#include "plait/async/event_loop.hpp"
#include "plait/http/session.hpp"
#include "plait/net/certificate.hpp"
#include "plait/net/tcp_stream.hpp"
#include "plait/net/tls_stream.hpp"

#include <benchmark/benchmark.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

using namespace plait;

namespace {

constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";

/// A server with a certificate and the one of the authority that signed it, as public servers have them. It answers one
/// request on each connection.
class TlsServer {
  public:
    explicit TlsServer(net::TlsVersion newest) : path_("/tmp/plait_tls_bench_" + std::to_string(::getpid()) + ".pem") {
        const net::Certificate root = net::make_certificate(net::CertificateOptions({"root"}));
        net::CertificateOptions between({"between"});
        between.is_authority = true;
        const net::Certificate authority = net::make_certificate(between, &root);
        net::TlsServerOptions options(net::make_certificate(net::CertificateOptions({"127.0.0.1"}), &authority));
        options.certificate.certificate += authority.certificate;
        options.newest = newest;
        std::ofstream(path_) << root.certificate;
        int port_pipe[2];
        if (::pipe(port_pipe) != 0 || (process_ = ::fork()) < 0) std::abort();
        if (process_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            leave_loops_of_parent();
            run(serve(std::move(options), port_pipe[1]));
        }
        if (::read(port_pipe[0], &port_, sizeof port_) != sizeof port_) std::abort();
        ::close(port_pipe[0]);
        ::close(port_pipe[1]);
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;
    ~TlsServer() {
        ::kill(process_, SIGKILL);
        ::unlink(path_.c_str());
    }

    std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }
    net::Endpoint endpoint() const { return net::Endpoint("127.0.0.1", port_); }

    net::TlsOptions client() const {
        net::TlsOptions options;
        options.ca_file = path_;
        return options;
    }

  private:
    static Task<void> serve(net::TlsServerOptions options, int port_pipe) {
        net::TcpListener listener(*net::Address::parse("127.0.0.1", 0));
        net::TlsServerContext tls(std::move(options));
        const std::uint16_t port = listener.address().port();
        if (::write(port_pipe, &port, sizeof port) != sizeof port) std::abort();
        std::array<std::byte, 4096> request;
        for (;;) {
            auto stream = co_await listener.accept();
            try {
                std::string peer = "the client";
                auto encrypted = co_await tls.accept(std::move(stream), std::move(peer));
                co_await read_some(*encrypted, request);
                co_await write_all(*encrypted, std::as_bytes(std::span(answer)));
                encrypted->close_write();
                co_await read_some(*encrypted, request);
            } catch (const Error&) {
                // The client has gone.
            }
        }
    }

    std::string path_;
    pid_t process_ = 0;
    std::uint16_t port_ = 0;
};

Task<void> exchange(net::TlsContext& context, const TlsServer& server, bool expects_resumption) {
    std::vector<net::Address> addresses(1, *net::Address::parse("127.0.0.1", server.endpoint().port));
    auto stream = co_await net::connect_tcp(server.endpoint(), std::move(addresses));
    auto tls = co_await context.connect(std::move(stream), server.endpoint());
    if (tls->was_resumed() != expects_resumption) std::abort();
    constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    co_await write_all(*tls, std::as_bytes(std::span(request)));
    std::array<std::byte, 4096> bytes;
    while (co_await read_some(*tls, bytes) != 0) {
    }
}

/// Each connection is to the server under another name, which has no session yet.
Task<void> make_connections(benchmark::State& state, const TlsServer& server, bool resumes) {
    net::TlsOptions options = server.client();
    net::TlsContext context(options);
    if (resumes) co_await exchange(context, server, false);
    for (auto _ : state) {
        if (!resumes) {
            state.PauseTiming();
            // Other settings have other sessions; the certificates are read outside of the measured time.
            options.protocols.assign(1, std::to_string(state.iterations()) + std::to_string(::rand()));
            context = net::TlsContext(options);
            context.load();
            state.ResumeTiming();
        }
        co_await exchange(context, server, resumes);
    }
}

void handshake(benchmark::State& state) {
    const auto version = state.range(0) == 2 ? net::TlsVersion::v1_2 : net::TlsVersion::v1_3;
    TlsServer server(version);
    run(make_connections(state, server, state.range(1) == 1));
}
BENCHMARK(handshake)->ArgNames({"tls1", "resumes"})->ArgsProduct({{2, 3}, {0, 1}})->Iterations(1000);

Task<void> call_once(std::string url, const http::SessionOptions& options) {
    http::Session session(options);
    const http::Response response = co_await session.get(url);
    if (response.status != 200) std::abort();
}

/// Looks like a program that makes a session for each of its tasks.
void first_call_of_a_session(benchmark::State& state) {
    TlsServer server(net::TlsVersion::v1_3);
    http::SessionOptions options;
    options.tls = server.client();
    if (state.range(0) == 1) options.tls.ca_file = "/etc/ssl/certs/ca-certificates.crt";
    for (auto _ : state) {
        try {
            run(call_once(server.url(), options));
        } catch (const http::SendError& error) {
            if (error.code() != ErrorCode::tls || state.range(0) == 0) std::abort();
        }
    }
}
BENCHMARK(first_call_of_a_session)->ArgName("many_authorities")->Arg(0)->Arg(1)->Iterations(50);

}  // namespace
