#include "plait/net/address.hpp"

#include "plait/base/error.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace plait::net {

namespace {

sockaddr_in& as_v4(sockaddr_storage& storage) noexcept { return reinterpret_cast<sockaddr_in&>(storage); }
sockaddr_in6& as_v6(sockaddr_storage& storage) noexcept { return reinterpret_cast<sockaddr_in6&>(storage); }
const sockaddr_in& as_v4(const sockaddr_storage& storage) noexcept {
    return reinterpret_cast<const sockaddr_in&>(storage);
}
const sockaddr_in6& as_v6(const sockaddr_storage& storage) noexcept {
    return reinterpret_cast<const sockaddr_in6&>(storage);
}

}  // namespace

Address::Address(const sockaddr* data, socklen_t size) : size_(size) {
    const bool known = (data->sa_family == AF_INET && size == sizeof(sockaddr_in)) ||
                       (data->sa_family == AF_INET6 && size == sizeof(sockaddr_in6));
    if (!known) throw Error(ErrorCode::bad_input, "an address that is neither IPv4 nor IPv6");
    std::memcpy(&storage_, data, size);
}

std::optional<Address> Address::parse(std::string_view host, std::uint16_t port) {
    if (host.find('\0') != std::string_view::npos) return std::nullopt;
    const std::string text(host);
    Address address;
    if (::inet_pton(AF_INET, text.c_str(), &as_v4(address.storage_).sin_addr) == 1) {
        address.storage_.ss_family = AF_INET;
        address.size_ = sizeof(sockaddr_in);
    } else if (::inet_pton(AF_INET6, text.c_str(), &as_v6(address.storage_).sin6_addr) == 1) {
        address.storage_.ss_family = AF_INET6;
        address.size_ = sizeof(sockaddr_in6);
    } else {
        return std::nullopt;
    }
    return address.with_port(port);
}

std::uint16_t Address::port() const noexcept {
    return ntohs(family() == AF_INET6 ? as_v6(storage_).sin6_port : as_v4(storage_).sin_port);
}

Address Address::with_port(std::uint16_t port) const noexcept {
    Address other = *this;
    (family() == AF_INET6 ? as_v6(other.storage_).sin6_port : as_v4(other.storage_).sin_port) = htons(port);
    return other;
}

std::string Address::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const std::string port_text = ":" + std::to_string(port());
    if (family() == AF_INET6) {
        ::inet_ntop(AF_INET6, &as_v6(storage_).sin6_addr, text.data(), text.size());
        return "[" + std::string(text.data()) + "]" + port_text;
    }
    ::inet_ntop(AF_INET, &as_v4(storage_).sin_addr, text.data(), text.size());
    return text.data() + port_text;
}

std::vector<Address> interleaved(const std::vector<Address>& addresses) {
    std::vector<Address> first;
    std::vector<Address> other;
    for (const Address& address : addresses) {
        (address.family() == addresses.front().family() ? first : other).push_back(address);
    }
    std::vector<Address> result;
    result.reserve(addresses.size());
    for (std::size_t n = 0; n < std::max(first.size(), other.size()); ++n) {
        if (n < first.size()) result.push_back(first[n]);
        if (n < other.size()) result.push_back(other[n]);
    }
    return result;
}

bool operator==(const Address& a, const Address& b) noexcept {
    return a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
}

}  // namespace plait::net
