#include "plait/http/proxy/proxy.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace plait::http {

namespace {

using Kind = Proxy::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 4> kinds{{
    {"http", Kind::http},
    {"https", Kind::https},
    {"socks5", Kind::socks5},
    {"socks5h", Kind::socks5h},
}};

Kind kind_of(std::string_view name) {
    for (const auto& [known, kind] : kinds) {
        if (equal_ignoring_case(name, known)) return kind;
    }
    throw_bad_input(fmt::format("unknown proxy kind '{}' (use http, https, socks5 or socks5h)", name.substr(0, 20)));
}

/// As browsers do: a percent sign without two hexadecimal digits stands for itself.
std::string percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const char* const digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
            result += static_cast<char>(value);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

Credentials credentials_of(std::string_view user_info) {
    const auto colon = user_info.find(':');
    return Credentials(percent_decoded(user_info.substr(0, colon)),
                       colon == std::string_view::npos ? std::string() : percent_decoded(user_info.substr(colon + 1)));
}

net::Endpoint endpoint_of(std::string_view authority, Kind kind) {
    constexpr std::uint16_t default_port = 1080;
    constexpr std::uint16_t default_tls_port = 443;
    if (authority.ends_with('/')) authority.remove_suffix(1);
    if (authority.find_first_of("/?#") != std::string_view::npos) {
        throw_bad_input("a proxy is KIND://USER:PASSWORD@HOST:PORT, without a path");
    }
    // The port of a URL is optional, and 0 is none: so a default can be told from a port that was given.
    const auto after_address = authority.starts_with('[') ? authority.find(']') : 0;
    const auto colon = authority.find(':', std::min(after_address, authority.size()));
    const Url url(fmt::format("http://{}/", authority));
    if (colon != std::string_view::npos && colon + 1 < authority.size())
        return net::Endpoint(std::string(url.host()), url.port());
    return net::Endpoint(std::string(url.host()), kind == Kind::https ? default_tls_port : default_port);
}

}  // namespace

Proxy::Proxy(std::string_view text) : endpoint({}, 0) {
    if (const auto scheme_end = text.find("://"); scheme_end != std::string_view::npos) {
        kind = kind_of(text.substr(0, scheme_end));
        text.remove_prefix(scheme_end + 3);
    }
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        credentials.emplace(credentials_of(text.substr(0, at)));
        text.remove_prefix(at + 1);
    }
    endpoint = endpoint_of(text, kind);
    if (!credentials) return;
    constexpr std::size_t longest = 255;  // RFC 1929, section 2
    if (is_socks() && (credentials->user.size() > longest || credentials->password.size() > longest)) {
        throw_bad_input("a user name or password for a SOCKS proxy has at most 255 bytes");
    }
    if (!is_socks()) basic_authorization(*credentials);  // throws if they can't be sent
}

std::string Proxy::to_string() const {
    return fmt::format("{}://{}", kinds[static_cast<std::size_t>(kind)].first, endpoint.to_string());
}

}  // namespace plait::http
