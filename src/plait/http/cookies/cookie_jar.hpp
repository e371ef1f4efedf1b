#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/cookies/cookie.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/url.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace plait::http {

/// Keeps the cookies of answers for later requests (RFC 6265bis). Belongs to one loop.
///
///     http::CookieJar jar;
///     jar.store(request.url, response.headers);
///     next.headers.add("Cookie", jar.header_for(next.url));  // unless it is empty
class CookieJar {
  public:
    /// At most this many cookies in all, and for one domain. Beyond, the one that was not sent for longest is dropped.
    static constexpr std::size_t most_cookies = 3000;
    static constexpr std::size_t most_per_domain = 180;
    /// The most bytes of cookies for one request, as servers accept. Those with the shortest paths are left out.
    static constexpr std::size_t longest_header = 8190;

    /// `calendar`, by which cookies expire, outlives the jar.
    explicit CookieJar(const WallClock& calendar = SystemWallClock::instance()) noexcept : calendar_(calendar) {}

    /// Stores the cookies that the answer from `url` sets, and drops those that it ends.
    void store(const Url& url, const Headers& answer);

    /// Stores a cookie, unless it is for all hosts below a public suffix, or has expired: it then ends one of the same
    /// name, domain and path.
    void put(Cookie cookie);

    /// The value of the `Cookie` field of a request; empty: none.
    std::string header_for(const Url& url);

    /// All cookies that have not expired, by domain.
    std::vector<Cookie> all() const;

    /// Grows when a cookie is set or ends, so that one can tell whether there is something to save.
    std::uint64_t changes() const noexcept { return changes_; }

  private:
    struct Kept {
        Cookie cookie;
        std::uint64_t created = 0;  ///< in the order of all events
        std::uint64_t used = 0;
    };
    using Cookies = std::vector<Kept>;

    void collect(std::string_view domain, const Url& url, std::vector<Kept*>& found);
    bool hides_secure_one(const Cookie& cookie) const;
    void make_room(Cookies& cookies);
    void drop_least_used();
    bool has_expired(const Cookie& cookie) const { return cookie.expires && *cookie.expires <= calendar_.now(); }

    const WallClock& calendar_;
    std::map<std::string, Cookies, std::less<>> domains_;
    std::size_t size_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t changes_ = 0;
};

}  // namespace plait::http
