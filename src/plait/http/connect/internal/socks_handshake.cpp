#include "plait/http/connect/internal/socks_handshake.hpp"

#include "plait/http/connect/internal/proxy_error.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <iterator>

namespace plait::http::internal {

namespace {

constexpr unsigned version = 5;
constexpr unsigned no_login = 0;
constexpr unsigned login_by_password = 2;
constexpr unsigned ipv4 = 1;
constexpr unsigned name = 3;
constexpr unsigned ipv6 = 4;
constexpr std::size_t port_bytes = 2;

void append(std::string& out, unsigned value) { out += static_cast<char>(value); }

void append_with_length(std::string& out, std::string_view text) {
    append(out, static_cast<unsigned>(text.size()));
    out += text;
}

void append_address(std::string& out, const net::Address& address) {
    if (address.family() == AF_INET6) {
        append(out, ipv6);
        const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(address.data());
        out.append(reinterpret_cast<const char*>(&v6.sin6_addr), sizeof v6.sin6_addr);
    } else {
        append(out, ipv4);
        const auto& v4 = *reinterpret_cast<const sockaddr_in*>(address.data());
        out.append(reinterpret_cast<const char*>(&v4.sin_addr), sizeof v4.sin_addr);
    }
}

/// RFC 1928, section 6. Proxies differ in which of these they use for what: one says "general failure" and another
/// "host unreachable" for a name that does not exist.
std::string_view meaning_of(unsigned reply) {
    constexpr std::string_view meanings[] = {
        "granted",
        "general failure",
        "not allowed by its rules",
        "the network is unreachable",
        "the host is unreachable",
        "the connection was refused",
        "the time to live expired",
        "it does not know this command",
        "it does not know this kind of address",
    };
    return reply < std::size(meanings) ? meanings[reply] : "unknown reason";
}

/// By rule, or because it can't: asking again does not help.
bool is_permanent(unsigned reply) { return reply == 2 || reply == 7 || reply == 8; }

}  // namespace

SocksHandshake::SocksHandshake(const Proxy& proxy, const net::Endpoint& target,
                               const std::optional<net::Address>& address)
    : proxy_(proxy) {
    append(request_, version);
    append(request_, 1);  // connect
    append(request_, 0);
    if (address) {
        append_address(request_, *address);
    } else {
        if (target.host.size() > 255) throw ProxyError("a name of more than 255 bytes can't be sent to it", true);
        append(request_, name);
        append_with_length(request_, target.host);
    }
    append(request_, target.port / 256u);
    append(request_, target.port % 256u);

    append(output_, version);
    append(output_, proxy.credentials ? 2 : 1);
    append(output_, no_login);
    if (proxy.credentials) append(output_, login_by_password);
    expect(State::method, 2);
}

void SocksHandshake::expect(State state, std::size_t bytes) {
    state_ = state;
    needed_ = bytes;
    received_.clear();
}

void SocksHandshake::receive(std::string_view bytes) {
    received_ += bytes;
    if (received_.size() < needed_) return;
    switch (state_) {
        case State::method:
            return take_method();
        case State::login:
            return take_login();
        case State::reply:
            return take_reply();
        case State::name_length:
            return expect(State::bound_address, byte(0) + port_bytes);
        case State::bound_address:
            return expect(State::open, 0);
        case State::open:
            return;
    }
}

void SocksHandshake::receive_end() {
    if (state_ == State::method && received_.empty())
        throw ProxyError("it has closed the connection without an answer", false);
    throw ProxyError("it has closed the connection in the middle of the handshake", false);
}

void SocksHandshake::take_method() {
    if (byte(0) != version) throw ProxyError(fmt::format("it does not speak SOCKS 5 (first byte {})", byte(0)), true);
    const unsigned method = byte(1);
    if (method == no_login) {
        output_ = request_;
        return expect(State::reply, 4);
    }
    if (method == login_by_password && proxy_.credentials) {
        append(output_, 1);
        append_with_length(output_, proxy_.credentials->user);
        append_with_length(output_, proxy_.credentials->password);
        return expect(State::login, 2);
    }
    throw ProxyError(proxy_.credentials ? "it accepts no login by user and password"
                                        : "it wants a login: --proxy socks5://USER:PASSWORD@HOST:PORT",
                     true);
}

void SocksHandshake::take_login() {
    // Any status but 0 is a failure; the version is not worth a quarrel: some proxies send 5.
    if (byte(1) != 0) throw ProxyError("it does not accept this user and password", true);
    output_ = request_;
    expect(State::reply, 4);
}

void SocksHandshake::take_reply() {
    const unsigned reply = byte(1);
    if (byte(0) != version) throw ProxyError(fmt::format("its reply is not SOCKS 5 (first byte {})", byte(0)), true);
    if (reply != 0)
        throw ProxyError(fmt::format("it refused: {} (reply {})", meaning_of(reply), reply), is_permanent(reply));
    // The address that the proxy has bound follows, of no use to us.
    switch (byte(3)) {
        case ipv4:
            return expect(State::bound_address, sizeof(in_addr) + port_bytes);
        case ipv6:
            return expect(State::bound_address, sizeof(in6_addr) + port_bytes);
        case name:
            return expect(State::name_length, 1);
        default:
            throw ProxyError(fmt::format("its reply has an unknown kind of address ({})", byte(3)), true);
    }
}

}  // namespace plait::http::internal
