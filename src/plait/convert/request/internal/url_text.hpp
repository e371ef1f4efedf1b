#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::convert::internal {

/// `text` with its percent-encoding undone; with `plus_is_blank`, `+` becomes a blank.
std::string percent_decoded(std::string_view text, bool plus_is_blank = false);

/// `text` with all but unreserved characters (RFC 3986, section 2.3) percent-encoded.
std::string percent_encoded(std::string_view text);

/// A URL without its fragment, in which blanks, controls, bytes outside ASCII, `"<>\^`{|}`, backquotes, and percent
/// signs that encode nothing are percent-encoded, as wget and siege do.
std::string with_unsafe_encoded(std::string_view url);

/// Method and URL for messages: without user, password, query and tokens.
std::string request_name(std::string_view method, std::string_view url);

/// The pairs of `a=1&b=2`, decoded.
std::vector<std::pair<std::string, std::string>> decoded_pairs(std::string_view text);

/// A foreign URL, not checked, split into what a request line has in different places.
class UrlText {
  public:
    /// A URL without a scheme is http. The fragment is dropped.
    explicit UrlText(std::string_view url);

    /// The URL without user and password. Braces, backslashes, and percent signs that encode nothing, which plait
    /// refuses as what is left of templates and typing errors, are percent-encoded in path and query.
    std::string without_user() const;

    /// The same with user and password, percent-encoded.
    std::string with_user() const;

    /// User and password, decoded: `user:password`; empty: there are none.
    const std::string& user() const noexcept { return user_; }
    /// Host and port.
    const std::string& authority() const noexcept { return authority_; }
    /// The host alone.
    std::string_view host() const noexcept;

    const std::string& path() const noexcept { return path_; }
    /// Replaces `.` and `..` in the path (RFC 3986, section 5.2.4), as browsers and curl do.
    void remove_dot_segments();
    /// Appends to the query, with `&` where there is one.
    void append_query(std::string_view text);

    /// Takes those parameters off the query for which `take(name, value)` returns true, and returns them. Both are
    /// decoded, and `take` may change the value.
    template <class Take>
    std::vector<std::pair<std::string, std::string>> take_parameters(Take take) {
        std::vector<std::pair<std::string, std::string>> taken;
        std::string left;
        std::string_view rest = query_;
        while (!rest.empty()) {
            const std::string_view pair = rest.substr(0, rest.find('&', 1));
            rest.remove_prefix(pair.size());
            auto [name, value] = decoded_pair(pair.substr(1));
            if (take(std::as_const(name), value)) {
                taken.emplace_back(std::move(name), std::move(value));
            } else {
                left.append(left.empty() ? "?" : "&").append(pair.substr(1));
            }
        }
        if (!taken.empty()) query_ = std::move(left);
        return taken;
    }

  private:
    static std::pair<std::string, std::string> decoded_pair(std::string_view pair);

    std::string scheme_;
    std::string user_;
    std::string authority_;
    std::string path_;
    std::string query_;  ///< with its question mark
};

}  // namespace plait::convert::internal
