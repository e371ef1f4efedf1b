#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/message/url.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::http {

/// A cookie (RFC 6265bis, section 5). `SameSite` is not for programs without pages, and is ignored.
class Cookie {
  public:
    Cookie() {}

    std::string name;  ///< may be empty
    std::string value;
    std::string domain;     ///< the host that it is sent to, in lower case
    std::string path;       ///< the path that it is sent to, and those below
    bool host_only = true;  ///< or else also to the hosts below `domain`
    bool secure = false;    ///< only over https
    bool http_only = false;
    std::optional<WallTime> expires;  ///< none: at the end of the run
};

/// Reads a `Set-Cookie` field of an answer from `url`, as of `now`. Returns nothing for a cookie that must be ignored:
/// malformed, of more than 4 KiB, for a foreign host or a public suffix, `Secure` but not from https, or without what
/// the prefix of its name promises (`__Secure-`, `__Host-`).
std::optional<Cookie> parse_set_cookie(std::string_view field, const Url& url, WallTime now);

/// Whether `domain` is a public suffix such as `com`, `co.uk` or `github.io`: whoever may set a cookie for it would set
/// one for strangers.
bool is_public_suffix(const std::string& domain);

/// Whether `host` is `domain`, or, unless it is an address, below it (RFC 6265bis, section 5.1.3). Both in lower case.
bool domain_matches(std::string_view host, std::string_view domain);

/// Whether a request for the path of `target` is sent cookies for `path` (RFC 6265bis, section 5.1.4).
bool path_matches(std::string_view target, std::string_view path);

}  // namespace plait::http
