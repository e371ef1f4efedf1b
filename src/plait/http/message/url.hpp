#pragma once

#include "plait/base/text/rare_text.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace plait::http {

/// An absolute http or https URL (RFC 3986), split into the parts that a request needs.
///
///     http::Url url("https://API.example:443/v1/items?page=2");
///     url.origin();  // "https://api.example"
///     url.target();  // "/v1/items?page=2"
///
/// Scheme and host become lower case, a default port is dropped, and an empty path becomes `/`. An international host
/// name becomes ASCII (`xn--...`, IDNA 2008 as browsers do). Path and query stay as given, with their percent-encoding,
/// and spaces, bytes outside ASCII and `"<>^\`|`, which are not allowed there, are encoded as browsers do. Control
/// characters, `\`, `{`, `}`, and a `%` without two digits are refused. So two URLs with equal text name the same
/// resource. A fragment is never sent and is not part of the text. Views are valid until the URL changes.
class Url {
  public:
    /// Parses an absolute URL. Throws `Error(bad_input)`, which says what is wrong and how to write it.
    Url(std::string_view text);  // NOLINT: not explicit, so that a request can be written Request("GET", "https://...")
    Url(const char* text) : Url(std::string_view(text)) {}
    Url(const std::string& text) : Url(std::string_view(text)) {}

    /// Returns `reference` resolved against this URL (RFC 3986, section 5.2): an absolute URL stays as it is,
    /// `/v1/items` replaces path and query, `items` replaces the text after the last `/` of the path. Throws
    /// `Error(bad_input)`.
    Url resolve(std::string_view reference) const;

    /// Appends `name=value` to the query, both percent-encoded.
    void add_query(std::string_view name, std::string_view value);

    /// The whole URL without its fragment.
    const std::string& text() const noexcept { return text_; }
    /// The part after `#`; empty: there is none.
    std::string_view fragment() const noexcept { return fragment_; }
    /// Takes the fragment of another URL, as the target of a redirect does that has none (RFC 9110, section 10.2.2).
    void inherit_fragment(const Url& from) { fragment_ = from.fragment_; }
    /// The whole URL with its fragment, for people.
    std::string text_with_fragment() const;
    /// The URL without its query, which may hold a key: for messages, which end up in logs.
    std::string_view without_query() const noexcept { return view(0, std::min(text_.find('?'), text_.size())); }
    /// `http` or `https`.
    std::string_view scheme() const noexcept { return view(0, is_https() ? 5 : 4); }
    bool is_https() const noexcept { return text_[4] == 's'; }
    /// Scheme, host and port, without a default port: `https://api.example:8443`. URLs of one origin share connections.
    std::string_view origin() const noexcept { return view(0, target_start_); }
    /// Host and port for the `Host` header: without a default port, IPv6 in brackets.
    std::string_view authority() const noexcept { return view(authority_start(), target_start_); }
    /// The host to connect to: a name or an address, IPv6 without brackets.
    std::string_view host() const noexcept;
    std::uint16_t port() const noexcept { return port_; }
    /// Path and query for the request line.
    std::string_view target() const noexcept { return view(target_start_, text_.size()); }

    friend bool operator==(const Url& a, const Url& b) noexcept { return a.text_ == b.text_; }

  private:
    std::size_t authority_start() const noexcept { return is_https() ? 8 : 7; }
    std::string_view view(std::size_t begin, std::size_t end) const noexcept {
        return std::string_view(text_).substr(begin, end - begin);
    }

    std::string text_;
    RareText fragment_;
    std::uint32_t host_end_ = 0;  ///< after the host, including its bracket
    std::uint32_t target_start_ = 0;
    std::uint16_t port_ = 0;
};

}  // namespace plait::http
