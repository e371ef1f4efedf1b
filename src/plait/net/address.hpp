#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::net {

/// An IPv4 or IPv6 address and a port, as system calls take them.
class Address {
  public:
    /// Copies an address of the system. Throws `Error(bad_input)` when it is neither IPv4 nor IPv6.
    Address(const sockaddr* data, socklen_t size);

    /// Parses an address such as `127.0.0.1` or `::1` (without brackets). Returns nothing for a host name.
    static std::optional<Address> parse(std::string_view host, std::uint16_t port);

    const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t size() const noexcept { return size_; }
    int family() const noexcept { return storage_.ss_family; }
    std::uint16_t port() const noexcept;

    /// The same address with another port.
    Address with_port(std::uint16_t port) const noexcept;

    /// Such as `127.0.0.1:80` or `[::1]:80`.
    std::string to_string() const;

    friend bool operator==(const Address& a, const Address& b) noexcept;

  private:
    Address() noexcept = default;

    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

/// Puts the addresses of a host into the order in which to try them: IPv6 and IPv4 in turn, so that a family that does
/// not work costs one delay, not one for each of its addresses (RFC 8305, section 4). The order within a family, and
/// the family that comes first, stay as they are.
std::vector<Address> interleaved(const std::vector<Address>& addresses);

}  // namespace plait::net
