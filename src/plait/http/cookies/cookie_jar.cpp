#include "plait/http/cookies/cookie_jar.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plait::http {

void CookieJar::store(const Url& url, const Headers& answer) {
    for (const Header field : answer) {
        if (!equal_ignoring_case(field.name, "Set-Cookie")) continue;
        std::optional<Cookie> cookie = parse_set_cookie(field.value, url, calendar_.now());
        if (cookie && (url.is_https() || !hides_secure_one(*cookie))) put(std::move(*cookie));
    }
}

/// Whether a cookie from http would replace one that only https may set (RFC 6265bis, section 5.7, step 11).
bool CookieJar::hides_secure_one(const Cookie& cookie) const {
    for (const auto& [domain, cookies] : domains_) {
        if (!domain_matches(domain, cookie.domain) && !domain_matches(cookie.domain, domain)) continue;
        for (const Kept& kept : cookies) {
            if (kept.cookie.secure && kept.cookie.name == cookie.name && path_matches(cookie.path, kept.cookie.path))
                return true;
        }
    }
    return false;
}

void CookieJar::put(Cookie cookie) {
    if (!cookie.host_only && is_public_suffix(cookie.domain)) return;
    ++changes_;
    Cookies& cookies = domains_[cookie.domain];
    const auto same = std::find_if(cookies.begin(), cookies.end(), [&cookie](const Kept& kept) {
        return kept.cookie.name == cookie.name && kept.cookie.path == cookie.path &&
               kept.cookie.host_only == cookie.host_only;
    });
    if (has_expired(cookie)) {
        if (same != cookies.end()) {
            cookies.erase(same);
            --size_;
        }
        if (cookies.empty()) domains_.erase(cookie.domain);
        return;
    }
    ++events_;
    if (same != cookies.end()) {
        same->cookie = std::move(cookie);  // and keeps its place among those with equal paths
        same->used = events_;
        return;
    }
    make_room(cookies);
    cookies.push_back({std::move(cookie), events_, events_});
    ++size_;
    if (size_ > most_cookies) drop_least_used();
}

/// Lets one more fit among the cookies of a domain.
void CookieJar::make_room(Cookies& cookies) {
    if (cookies.size() < most_per_domain) return;
    size_ -= std::erase_if(cookies, [this](const Kept& kept) { return has_expired(kept.cookie); });
    if (cookies.size() < most_per_domain) return;
    cookies.erase(
        std::min_element(cookies.begin(), cookies.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; }));
    --size_;
}

void CookieJar::drop_least_used() {
    for (auto& [domain, cookies] : domains_)
        size_ -= std::erase_if(cookies, [this](const Kept& kept) { return has_expired(kept.cookie); });
    std::erase_if(domains_, [](const auto& domain) { return domain.second.empty(); });
    if (size_ <= most_cookies) return;
    Cookies* least = nullptr;
    std::size_t place = 0;
    for (auto& [domain, cookies] : domains_) {
        for (std::size_t i = 0; i < cookies.size(); ++i) {
            if (least && (*least)[place].used <= cookies[i].used) continue;
            least = &cookies;
            place = i;
        }
    }
    const std::string domain = (*least)[place].cookie.domain;
    least->erase(least->begin() + static_cast<std::ptrdiff_t>(place));
    if (least->empty()) domains_.erase(domain);
    --size_;
}

void CookieJar::collect(std::string_view domain, const Url& url, std::vector<Kept*>& found) {
    const auto cookies = domains_.find(domain);
    if (cookies == domains_.end()) return;
    for (Kept& kept : cookies->second) {
        const Cookie& cookie = kept.cookie;
        if (has_expired(cookie) || (cookie.secure && !url.is_https())) continue;
        if (cookie.host_only && domain != url.host()) continue;
        if (domain_matches(url.host(), domain) && path_matches(url.target(), cookie.path)) found.push_back(&kept);
    }
}

std::string CookieJar::header_for(const Url& url) {
    if (domains_.empty()) return "";
    std::vector<Kept*> found;
    std::string_view domain = url.host();
    collect(domain, url, found);
    for (auto dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.')) {
        domain.remove_prefix(dot + 1);
        collect(domain, url, found);
    }
    // RFC 6265bis, section 5.8.3: longer paths first, then older cookies.
    std::sort(found.begin(), found.end(), [](const Kept* a, const Kept* b) {
        const std::size_t size_of_a = a->cookie.path.size(), size_of_b = b->cookie.path.size();
        return size_of_a != size_of_b ? size_of_a > size_of_b : a->created < b->created;
    });
    ++events_;
    std::string header;
    for (Kept* kept : found) {
        const Cookie& cookie = kept->cookie;
        if (header.size() + cookie.name.size() + cookie.value.size() + 3 > longest_header) break;
        if (!header.empty()) header += "; ";
        if (!cookie.name.empty()) header.append(cookie.name).append("=");
        header += cookie.value;
        kept->used = events_;
    }
    return header;
}

std::vector<Cookie> CookieJar::all() const {
    std::vector<Cookie> all;
    for (const auto& [domain, cookies] : domains_) {
        for (const Kept& kept : cookies) {
            if (!has_expired(kept.cookie)) all.push_back(kept.cookie);
        }
    }
    return all;
}

}  // namespace plait::http
