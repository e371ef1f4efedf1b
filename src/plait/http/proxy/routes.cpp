#include "plait/http/proxy/routes.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace plait::http {

namespace {

/// Reads the parts of a value between colons, where an IPv6 address stands in brackets.
class Parts {
  public:
    explicit Parts(std::string_view text) : rest_(text) {}

    /// The text up to the next colon, or to the end; nothing after the end.
    std::optional<std::string_view> next() {
        if (is_at_end_) return std::nullopt;
        const auto bracket = rest_.starts_with('[') ? rest_.find(']') : 0;
        const auto colon = rest_.find(':', std::min(bracket, rest_.size()));
        const std::string_view part = rest_.substr(0, colon);
        is_at_end_ = colon == std::string_view::npos;
        rest_.remove_prefix(is_at_end_ ? rest_.size() : colon + 1);
        return part;
    }

    bool is_at_end() const noexcept { return is_at_end_; }
    std::string_view rest() const noexcept { return rest_; }

  private:
    std::string_view rest_;
    bool is_at_end_ = false;
};

std::string_view without_brackets(std::string_view text) {
    return text.starts_with('[') && text.ends_with(']') ? text.substr(1, text.size() - 2) : text;
}

/// As in a URL: in lower case, and as ASCII.
std::string host_of(std::string_view text) { return std::string(Url(fmt::format("http://{}/", text)).host()); }

std::uint16_t port_of(std::string_view text, std::string_view whole) {
    std::uint16_t port = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), port);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size() || port == 0)
        throw_bad_input(fmt::format("'{}': the port '{}' is not a number from 1 to 65535", whole, text));
    return port;
}

[[noreturn]] void refuse_resolve(std::string_view text) {
    throw_bad_input(
        fmt::format("'{}' is not HOST:PORT:ADDRESS[,ADDRESS]: write, for example, api.example:443:127.0.0.1", text));
}

[[noreturn]] void refuse_connect_to(std::string_view text) {
    throw_bad_input(fmt::format(
        "'{}' is not HOST1:PORT1:HOST2:PORT2: write, for example, api.example:443:127.0.0.1:8443; any of them may be "
        "empty, the colons stay",
        text));
}

}  // namespace

FixedAddresses::FixedAddresses(std::string_view text) {
    Parts parts(text);
    const auto host_text = parts.next().value_or("");
    const auto port_text = parts.next().value_or("");
    if (host_text.empty() || port_text.empty() || parts.is_at_end() || parts.rest().empty()) refuse_resolve(text);
    host = host_text == "*" ? "*" : host_of(host_text);
    port = port_of(port_text, text);
    for (std::string_view rest = parts.rest();;) {
        const auto comma = rest.find(',');
        const std::string_view word = rest.substr(0, comma);
        const auto address = net::Address::parse(without_brackets(word), port);
        if (!address)
            throw_bad_input(
                fmt::format("'{}' is not an IPv4 or IPv6 address: --connect-to leads to another name", word));
        addresses.push_back(*address);
        if (comma == std::string_view::npos) return;
        rest.remove_prefix(comma + 1);
    }
}

ConnectTo::ConnectTo(std::string_view text) {
    Parts parts(text);
    const auto next_host = [&] {
        const auto part = parts.next().value_or("");
        return part.empty() ? std::string() : host_of(part);
    };
    const auto next_port = [&]() -> std::optional<std::uint16_t> {
        const auto part = parts.next();
        if (!part) refuse_connect_to(text);
        return part->empty() ? std::nullopt : std::optional(port_of(*part, text));
    };
    from_host = next_host();
    from_port = next_port();
    to_host = next_host();
    to_port = next_port();
    if (!parts.is_at_end()) refuse_connect_to(text);
}

net::Endpoint Routes::destination_of(const net::Endpoint& target) const {
    for (const ConnectTo& rule : connect_to) {
        if (!rule.from_host.empty() && rule.from_host != target.host) continue;
        if (rule.from_port && *rule.from_port != target.port) continue;
        return net::Endpoint(rule.to_host.empty() ? target.host : rule.to_host, rule.to_port.value_or(target.port));
    }
    return target;
}

std::vector<net::Address> Routes::addresses_of(const net::Endpoint& endpoint) const {
    for (const FixedAddresses& fixed : resolve) {
        if (fixed.port == endpoint.port && (fixed.host == "*" || equal_ignoring_case(fixed.host, endpoint.host)))
            return fixed.addresses;
    }
    return {};
}

void Routes::tell_of(const net::Endpoint& target, bool is_https) const {
    if (!tell || proxies.empty()) return;
    const std::string origin = fmt::format("{}://{}", is_https ? "https" : "http", target.to_string());
    tell(origin, unix_socket.empty() ? proxies.explain(is_https, target.host, target.port)
                                     : fmt::format("through {} (--unix-socket)", unix_socket));
}

const Proxy* Routes::proxy_for(const net::Endpoint& target, bool is_https) const {
    return unix_socket.empty() ? proxies.find(is_https, target.host, target.port) : nullptr;
}

const Proxy* Routes::relay_for(const Url& url) const {
    if (url.is_https() || proxies.empty()) return nullptr;
    const net::Endpoint target(std::string(url.host()), url.port());
    const Proxy* const proxy = proxy_for(target, false);
    if (!proxy || proxy->is_socks()) return nullptr;
    // A proxy that reads the URL connects to its host. Only a tunnel leads to another one.
    return connect_to.empty() || destination_of(target) == target ? proxy : nullptr;
}

}  // namespace plait::http
