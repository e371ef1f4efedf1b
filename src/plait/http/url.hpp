#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace plait::http {

/// An absolute http or https URL (RFC 3986), in the parts that a request needs.
///
/// Scheme and host are in lower case, a default port is left out, an empty path is `/` and a fragment is dropped; path
/// and query stay as they were given, with their percent-encoding. So two URLs that are equal as text name the same
/// thing.
class Url {
  public:
    /// Parses an absolute URL. Throws `Error(bad_input)` that says what is wrong and how to write it.
    Url(std::string_view text);  // NOLINT: not explicit, so that a request can be written Request("GET", "https://...")
    Url(const char* text) : Url(std::string_view(text)) {}
    Url(const std::string& text) : Url(std::string_view(text)) {}

    /// The URL that `reference` means where `*this` is the base (RFC 3986, section 5.2): an absolute URL is itself,
    /// `/v1/items` replaces path and query, `items` replaces what follows the last `/` of the path. Throws
    /// `Error(bad_input)`.
    Url resolve(std::string_view reference) const;

    /// Appends `name=value` to the query, both percent-encoded.
    void add_query(std::string_view name, std::string_view value);

    /// The whole URL.
    const std::string& text() const noexcept { return text_; }
    /// `http` or `https`.
    std::string_view scheme() const noexcept { return view(0, is_https() ? 5 : 4); }
    bool is_https() const noexcept { return text_[4] == 's'; }
    /// Scheme, host and port as `https://api.example:8443`, without a default port: what shares connections.
    std::string_view origin() const noexcept { return view(0, target_start_); }
    /// Host and port as the `Host` header has them: without a default port, IPv6 in brackets.
    std::string_view authority() const noexcept { return view(authority_start(), target_start_); }
    /// The host to connect to: a name or an address, IPv6 without brackets.
    std::string_view host() const noexcept;
    std::uint16_t port() const noexcept { return port_; }
    /// Path and query as the request line has them.
    std::string_view target() const noexcept { return view(target_start_, text_.size()); }

    friend bool operator==(const Url& a, const Url& b) noexcept { return a.text_ == b.text_; }

  private:
    std::size_t authority_start() const noexcept { return is_https() ? 8 : 7; }
    std::string_view view(std::size_t begin, std::size_t end) const noexcept {
        return std::string_view(text_).substr(begin, end - begin);
    }

    std::string text_;
    std::uint32_t host_end_ = 0;  ///< behind the host, with its bracket
    std::uint32_t target_start_ = 0;
    std::uint16_t port_ = 0;
};

}  // namespace plait::http
