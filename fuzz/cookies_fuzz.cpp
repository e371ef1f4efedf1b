// On the first line a URL, then Set-Cookie fields of its answer, one per line; and the same bytes as a file of cookies.
#include "plait/http/cookies/cookie_jar.hpp"
#include "plait/http/cookies/cookie_text.hpp"

#include "target.hpp"
#include <algorithm>
#include <chrono>
#include <string>

using namespace plait;
using namespace plait::http;

namespace {

class Calendar final : public WallClock {
  public:
    WallTime now() const override { return WallTime(std::chrono::seconds(1'700'000'000)); }
};

const Calendar calendar;

/// Checks that a jar's text has all of it, and that its fields can be sent.
void check(CookieJar& jar, const Url& url) {
    const std::string header = jar.header_for(url);
    PLAIT_ASSERT(header.size() <= CookieJar::longest_header, "a field keeps its limit");
    Headers headers;
    if (!header.empty()) headers.add("Cookie", header);
    const std::string text = to_netscape(jar);
    CookieJar again(calendar);
    read_netscape(text, again);
    PLAIT_ASSERT(to_netscape(again) == text, "a jar comes out of its text as it went in");
}

}  // namespace

void feed(std::string_view bytes) {
    try {
        CookieJar jar(calendar);
        read_netscape(bytes, jar);
    } catch (const Error&) {
    }
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const Url url(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    CookieJar jar(calendar);
    while (!bytes.empty()) {
        const std::size_t size = std::min(bytes.find('\n'), bytes.size());
        if (const auto cookie = parse_set_cookie(bytes.substr(0, size), url, calendar.now())) {
            PLAIT_ASSERT(domain_matches(url.host(), cookie->domain), "a cookie is for its own host, or above");
            PLAIT_ASSERT(cookie->host_only || !is_public_suffix(cookie->domain), "no cookie is for a public suffix");
            jar.put(*cookie);
        }
        bytes.remove_prefix(std::min(size + 1, bytes.size()));
    }
    check(jar, url);
}
