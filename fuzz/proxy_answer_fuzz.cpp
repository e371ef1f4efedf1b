// What a proxy says before a connection through it is open: the first byte chooses between CONNECT and SOCKS, with and
// without a login.
#include "plait/http/connect/internal/connect_handshake.hpp"
#include "plait/http/connect/internal/socks_handshake.hpp"

#include "target.hpp"
#include <memory>

using namespace plait::http;
using plait::http::internal::ConnectHandshake;
using plait::http::internal::ProxyHandshake;
using plait::http::internal::SocksHandshake;

namespace {

const Proxy http_proxy("http://proxy.example");
const Proxy http_proxy_with_login("http://user:password@proxy.example");
const Proxy socks_proxy("socks5h://proxy.example");
const Proxy socks_proxy_with_login("socks5h://user:password@proxy.example");

std::unique_ptr<ProxyHandshake> handshake_of(unsigned char choice) {
    const plait::net::Endpoint target("api.example", 443);
    switch (choice % 4) {
        case 0:
            return std::make_unique<ConnectHandshake>(http_proxy, target);
        case 1:
            return std::make_unique<ConnectHandshake>(http_proxy_with_login, target);
        case 2:
            return std::make_unique<SocksHandshake>(socks_proxy, target, std::nullopt);
        default:
            return std::make_unique<SocksHandshake>(socks_proxy_with_login, target, std::nullopt);
    }
}

}  // namespace

void feed(std::string_view bytes) {
    if (bytes.empty()) return;
    const auto handshake = handshake_of(static_cast<unsigned char>(bytes.front()));
    bytes.remove_prefix(1);
    while (const std::size_t wanted = handshake->wanted()) {
        handshake->take_output();
        if (bytes.empty()) {
            handshake->receive_end();
            PLAIT_ASSERT(false, "a handshake that has ended too early has failed");
        }
        const std::string_view part = bytes.substr(0, wanted);
        bytes.remove_prefix(part.size());
        handshake->receive(part);
    }
}
