#include "plait/http/proxy/no_proxy.hpp"

#include "plait/http/message/headers.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace plait::http {

namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

/// The 4 or 16 bytes of an address; empty: it is none.
std::string address_bytes(std::string_view text) {
    const std::string address(text);
    std::array<char, 16> bytes{};
    if (address.find('\0') != std::string::npos) return {};
    if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 4);
    if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 16);
    return {};
}

/// Takes `:PORT` off the end of `text`, unless the colon belongs to an IPv6 address without brackets.
std::optional<std::uint16_t> take_port(std::string_view& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const bool has_brackets = text.starts_with('[');
    if (has_brackets ? colon < text.find(']') : text.find(':') != colon) return std::nullopt;
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (port) text = text.substr(0, colon);
    return port;
}

std::string_view without_brackets(std::string_view text) {
    return text.starts_with('[') && text.ends_with(']') ? text.substr(1, text.size() - 2) : text;
}

bool is_name_or_below(std::string_view host, std::string_view name) {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (!host.ends_with(name)) return false;
    return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

}  // namespace

NoProxy::NoProxy(std::string_view list) {
    constexpr std::string_view separators = ", \t\r\n";
    for (;;) {
        list.remove_prefix(std::min(list.find_first_not_of(separators), list.size()));
        if (list.empty()) return;
        const auto end = std::min(list.find_first_of(separators), list.size());
        entries_.push_back(parse(list.substr(0, end)));
        list.remove_prefix(end);
    }
}

NoProxy::Entry NoProxy::parse(std::string_view text) {
    Entry entry{.text = std::string(text)};
    entry.port = take_port(text);
    entry.network = parse_network(text);
    if (entry.network) return entry;
    if (text.starts_with("*.")) text.remove_prefix(1);
    if (text.starts_with('.')) text.remove_prefix(1);
    if (text.ends_with('.')) text.remove_suffix(1);
    for (const char c : text) entry.name += to_lower(c);
    return entry;
}

std::optional<NoProxy::Network> NoProxy::parse_network(std::string_view text) {
    const auto slash = text.find('/');
    std::string bytes = address_bytes(without_brackets(text.substr(0, slash)));
    if (bytes.empty()) return std::nullopt;
    const auto all = static_cast<unsigned>(bytes.size() * 8);
    if (slash == std::string_view::npos) return Network{std::move(bytes), all};
    const auto bits = parse_number<unsigned>(text.substr(slash + 1));
    if (!bits || *bits > all) return std::nullopt;
    return Network{std::move(bytes), *bits};
}

bool NoProxy::covers(const Network& network, std::string_view address) {
    if (address.size() != network.bytes.size()) return false;
    const std::size_t whole = network.bits / 8;
    if (address.substr(0, whole) != std::string_view(network.bytes).substr(0, whole)) return false;
    const unsigned rest = network.bits % 8;
    if (rest == 0) return true;
    const auto difference = static_cast<unsigned char>(address[whole] ^ network.bytes[whole]);
    return difference >> (8 - rest) == 0;
}

std::vector<std::string_view> NoProxy::unusable() const {
    std::vector<std::string_view> texts;
    for (const Entry& entry : entries_) {
        if (entry.network || entry.name == "*") continue;
        if (entry.name.empty() || entry.name.find_first_of("/:[]*") != std::string::npos) texts.push_back(entry.text);
    }
    return texts;
}

std::optional<std::string_view> NoProxy::match(std::string_view host, std::uint16_t port) const {
    const std::string address = address_bytes(host);
    for (const Entry& entry : entries_) {
        if (entry.port && *entry.port != port) continue;
        const bool matches = entry.name == "*" ? true
                             : entry.network   ? covers(*entry.network, address)
                             : address.empty() ? !entry.name.empty() && is_name_or_below(host, entry.name)
                                               : false;
        if (matches) return entry.text;
    }
    return std::nullopt;
}

}  // namespace plait::http
