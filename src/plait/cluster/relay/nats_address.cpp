#include "plait/cluster/relay/nats_address.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace plait::cluster {

namespace {

constexpr std::string_view plain = "nats://";
constexpr std::string_view encrypted = "tls://";

std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc() || after != end || port == 0) return std::nullopt;
    return port;
}

[[noreturn]] void refuse(std::string_view url) {
    throw_bad_input(
        fmt::format("'{}' is not an address such as nats://127.0.0.1:4222 or tls://nats.example:4222", url));
}

}  // namespace

NatsAddress::NatsAddress(std::string_view url) : endpoint("", usual_port), is_encrypted(url.starts_with(encrypted)) {
    if (!is_encrypted && !url.starts_with(plain)) refuse(url);
    std::string_view rest = url.substr(is_encrypted ? encrypted.size() : plain.size());
    if (rest.find('@') != std::string_view::npos)
        throw_bad_input(
            "the address of the broker must not contain a user or password, which `ps` would show: put "
            "them into a file, and name it with --cluster-creds");
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.starts_with('[')) {
        const auto bracket = rest.find(']');
        if (bracket == std::string_view::npos) refuse(url);
        endpoint.host = rest.substr(1, bracket - 1);
        rest.remove_prefix(bracket + 1);
    } else {
        const auto colon = rest.find(':');
        endpoint.host = rest.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon);
    }
    if (!rest.empty()) {
        const auto port = rest.front() == ':' ? port_of(rest.substr(1)) : std::nullopt;
        if (!port) refuse(url);
        endpoint.port = *port;
    }
    if (endpoint.host.empty() || endpoint.host.find_first_of("/?# \t\r\n") != std::string::npos) refuse(url);
}

bool NatsAddress::is_loopback() const {
    const std::string& host = endpoint.host;
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::string NatsAddress::to_string() const {
    return std::string(is_encrypted ? encrypted : plain) + endpoint.to_string();
}

}  // namespace plait::cluster
