#include "plait/http/message/url.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/internal/escaped.hpp"
#include "plait/http/message/internal/host_name.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

// Boost.URL 1.81 was tried: it takes port 99999 as 34463 and `http://h:8a/` as port 8 with the target `a/`, decodes %2F
// when it resolves, and needs 0.5 us for a URL that this file splits in 0.1 us.

namespace plait::http {

namespace {

constexpr std::size_t longest_url = 1024 * 1024;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hex_digit(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

using CharacterSet = std::array<bool, 256>;

/// The set of letters, digits and `others`.
constexpr CharacterSet letters_and_digits_and(std::string_view others) {
    CharacterSet set{};
    for (int c = 0; c < 128; ++c) {
        set[static_cast<std::size_t>(c)] = is_letter(static_cast<char>(c)) || is_digit(static_cast<char>(c));
    }
    for (char c : others) set[static_cast<unsigned char>(c)] = true;
    return set;
}

constexpr CharacterSet host_characters = letters_and_digits_and("-._");
constexpr CharacterSet unreserved_characters = letters_and_digits_and("-._~");  // RFC 3986, section 2.3

// The characters of path and query (RFC 3986, sections 3.3 and 3.4), and the brackets of `?id[]=1`, which are common
// although not allowed. They include the percent sign; the digits after it are checked separately.
constexpr CharacterSet target_characters = letters_and_digits_and("-._~!$&'()*+,;=:@/?[]%");

// Not allowed, but written all the same; browsers send them percent-encoded. Others may mean something else than
// themselves: a brace is left of a template that nobody filled in, a backslash is a slash for some.
constexpr bool is_encoded_for_you(char c) noexcept {
    return static_cast<unsigned char>(c) >= 0x80 || std::string_view(" \"<>^`|").find(c) != std::string_view::npos;
}

constexpr bool is_in(const CharacterSet& set, char c) noexcept { return set[static_cast<unsigned char>(c)]; }

/// Returns the position of the first of `stops` in `text`, or its size. `find_first_of` is four times slower: it calls
/// memchr for each character.
constexpr std::size_t first_of(std::string_view text, std::string_view stops, std::size_t from = 0) noexcept {
    while (from < text.size()) {
        for (char stop : stops) {
            if (text[from] == stop) return from;
        }
        ++from;
    }
    return from;
}

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
    // Never the whole text: the part before an @, or a query, may hold a secret, and a line break would split the
    // message.
    std::string shown = internal::escaped(text.substr(0, first_of(text, "?#")), 100);
    if (const auto at = shown.rfind('@'); at != std::string::npos) shown.replace(0, at, "...");
    throw Error(ErrorCode::bad_input, fmt::format("URL '{}': {}", shown, reason));
}

[[noreturn]] void refuse_character(std::string_view text, std::size_t position) {
    const auto byte = static_cast<unsigned char>(text[position]);
    const std::size_t place = position + 1;
    if (byte == '%')
        refuse(text, fmt::format("the % at byte {} is not followed by two hexadecimal digits: write %25", place));
    if (byte < 0x20 || byte == 0x7f) refuse(text, fmt::format("has a control character at byte {}", place));
    refuse(text, fmt::format("has '{}' at byte {}: write %{:02X}", text[position], place, byte));
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The host as name servers know it.
std::string to_ascii(std::string_view text, std::string_view host) {
    try {
        return internal::ascii_host_name(host);
    } catch (const Error& error) {
        refuse(text, fmt::format("the host is no international host name ({})", error.what()));
    }
}

void check_host(std::string_view text, std::string_view host) {
    if (host.empty()) refuse(text, "has no host");
    for (char c : host) {
        if (!is_in(host_characters, c))
            refuse(text, "the host has a character that is no letter, digit, '-', '.' or '_'");
    }
}

/// Returns the position of the colon after the scheme of `text`; npos when there is none.
std::size_t scheme_end_of(std::string_view text) noexcept {
    const auto end = first_of(text, ":/?#");
    return end > 0 && end < text.size() && text[end] == ':' && is_letter(text[0]) ? end : std::string_view::npos;
}

bool is_https(std::string_view text) {
    // Nearly all are written in one of these two ways.
    if (text.starts_with("https://")) return true;
    if (text.starts_with("http://")) return false;
    const auto scheme_end = scheme_end_of(text);
    const std::string_view scheme = scheme_end == std::string_view::npos ? "" : text.substr(0, scheme_end);
    const bool https = equal_ignoring_case(scheme, "https");
    const bool known = https || equal_ignoring_case(scheme, "http");
    if (text.substr(std::min(scheme_end, text.size())).starts_with("://")) {
        if (!known) refuse(text, fmt::format("the scheme is '{}': write https://... or http://...", scheme));
        return https;
    }
    if (text.empty()) refuse(text, "is empty");
    if (known) refuse(text, "two slashes follow the scheme: write https://... or http://...");
    refuse(text, "no scheme: write https://... or http://...");
}

/// Returns whether some characters have to be percent-encoded.
bool check_target(std::string_view text, std::size_t begin, std::size_t end) {
    bool needs_encoding = false;
    for (std::size_t i = begin; i < end; ++i) {
        const char c = text[i];
        if (!is_in(target_characters, c)) {
            if (!is_encoded_for_you(c)) refuse_character(text, i);
            needs_encoding = true;
        }
        if (c == '%' && (end - i < 3 || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])))
            refuse_character(text, i);
    }
    return needs_encoding;
}

bool is_ipv6(std::string_view address) {
    // What stands behind a NUL would be overlooked, and end up in the Host header.
    if (address.find('\0') != std::string_view::npos) return false;
    in6_addr parsed{};
    return inet_pton(AF_INET6, std::string(address).c_str(), &parsed) == 1;
}

/// Returns the host at the front of `authority` as it is written, an IPv6 address with its brackets.
std::string_view host_of(std::string_view text, std::string_view authority) {
    if (authority.find('@') != std::string_view::npos) {
        refuse(text, "has a user name or password: use --user or --netrc, or send an Authorization header");
    }
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos || !is_ipv6(authority.substr(1, end - 1))) {
            refuse(text, "what stands in brackets is no IPv6 address");
        }
        return authority.substr(0, end + 1);
    }
    const std::string_view host = authority.substr(0, authority.find(':'));
    if (is_ascii(host)) check_host(text, host);
    return host;
}

/// Parses the port in `after_host`, which is empty, or a colon and digits. No digits mean the default.
std::uint16_t port_of(std::string_view text, std::string_view after_host, std::uint16_t default_port) {
    if (after_host.empty() || after_host == ":") return default_port;
    std::uint16_t port = 0;
    const char* end = after_host.data() + after_host.size();
    const auto result = std::from_chars(after_host.data() + 1, end, port);
    if (after_host[0] != ':' || result.ec != std::errc() || result.ptr != end || port == 0) {
        refuse(text, "the port is not a number from 1 to 65535");
    }
    return port;
}

/// RFC 3986, section 5.2.4. `path` starts with a slash.
std::string without_dot_segments(std::string_view path) {
    std::string result;
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/', 1));
        path.remove_prefix(segment.size());
        const bool is_last = path.empty();
        if (segment == "/..") result.resize(std::min(result.rfind('/'), result.size()));
        if (segment != "/." && segment != "/..") {
            result += segment;
        } else if (is_last) {
            result += '/';
        }
    }
    return result;
}

void append_encoded(std::string& out, std::string_view text, const CharacterSet& kept) {
    for (char c : text) {
        if (is_in(kept, c)) {
            out += c;
        } else {
            fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
        }
    }
}

}  // namespace

Url::Url(std::string_view text) {
    if (text.size() > longest_url) refuse(text, "is longer than 1 MiB");
    const bool https = http::is_https(text);
    const std::string_view scheme = https ? "https://" : "http://";
    const std::uint16_t default_port = https ? 443 : 80;

    const std::size_t authority_begin = scheme.size();
    const std::size_t authority_end = first_of(text, "/?#", authority_begin);
    const std::size_t end = std::min(text.find('#', authority_end), text.size());
    const std::string_view authority = text.substr(authority_begin, authority_end - authority_begin);
    const std::string_view host = host_of(text, authority);
    port_ = port_of(text, authority.substr(host.size()), default_port);
    const bool needs_encoding = check_target(text, authority_end, end);

    text_.reserve(end + 1);
    text_ += scheme;
    if (is_ascii(host)) {
        text_ += host;
    } else {
        const std::string name = to_ascii(text, host);
        check_host(text, name);
        text_ += name;
    }
    host_end_ = static_cast<std::uint32_t>(text_.size());
    for (std::size_t i = authority_begin; i < host_end_; ++i) text_[i] = to_lower(text_[i]);
    if (port_ != default_port) text_.append(":").append(fmt::format_int(port_).c_str());
    target_start_ = static_cast<std::uint32_t>(text_.size());
    if (authority_end == end || text[authority_end] != '/') text_ += '/';
    const std::string_view target = text.substr(authority_end, end - authority_end);
    if (needs_encoding) {
        append_encoded(text_, target, target_characters);
    } else {
        text_ += target;
    }
    if (end < text.size()) {
        std::string fragment;
        append_encoded(fragment, text.substr(end + 1), target_characters);
        fragment_ = std::move(fragment);
    }
}

std::string Url::text_with_fragment() const {
    std::string text = text_;
    if (!fragment_.empty()) text.append("#").append(fragment_.view());
    return text;
}

Url Url::resolve(std::string_view reference) const {
    if (reference.empty() || scheme_end_of(reference) != std::string_view::npos) return Url(reference);
    if (reference.starts_with("//")) return Url(std::string(scheme()).append(":").append(reference));

    const std::string_view base_path = target().substr(0, target().find('?'));
    const std::size_t path_size = first_of(reference, "?#");
    if (reference.starts_with('#')) return Url(text_ + std::string(reference));  // with the query
    std::string path(reference.substr(0, path_size));
    if (path.empty()) {
        path = base_path;
    } else if (path[0] != '/') {
        path.insert(0, base_path.substr(0, base_path.rfind('/') + 1));
    }
    return Url(std::string(origin()).append(without_dot_segments(path)).append(reference.substr(path_size)));
}

void Url::add_query(std::string_view name, std::string_view value) {
    text_ += target().find('?') == std::string_view::npos ? '?' : '&';
    append_encoded(text_, name, unreserved_characters);
    text_ += '=';
    append_encoded(text_, value, unreserved_characters);
}

std::string_view Url::host() const noexcept {
    const std::string_view host = view(authority_start(), host_end_);
    return host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

}  // namespace plait::http
