#include "plait/testing/loopback.hpp"

#include "plait/base/unique_fd.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

namespace plait::testing {

std::vector<std::string> loopback_hosts() {
    std::vector<std::string> hosts{"127.0.0.1"};
    const UniqueFd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = IN6ADDR_LOOPBACK_INIT;
    // A kernel with IPv6 may have no IPv6 address.
    if (socket && ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        hosts.emplace_back("::1");
    return hosts;
}

}  // namespace plait::testing
