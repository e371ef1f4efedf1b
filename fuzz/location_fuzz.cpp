// On the first line a URL, on the others where its answers redirect to, one after another.
#include "plait/http/redirects.hpp"

#include "target.hpp"
#include <algorithm>
#include <string>

using namespace plait;
using namespace plait::http;

void feed(std::string_view bytes) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    Request request("GET", Url(bytes.substr(0, end)));
    request.headers.add("Authorization", "secret");
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    Redirects redirects;
    const std::string origin(request.url.origin());
    bool left = false;
    while (!bytes.empty()) {
        const std::size_t size = std::min(bytes.find('\n'), bytes.size());
        Response answer;
        answer.status = 302;
        answer.headers.add("Location", bytes.substr(0, size));
        bytes.remove_prefix(std::min(size + 1, bytes.size()));
        RedirectStep step = redirects.after(request, answer);
        PLAIT_ASSERT(step.next.has_value() == step.why_not.empty(), "a redirect is followed, or it is said why not");
        if (!step.next) continue;
        PLAIT_ASSERT(Url(step.next->url.text()) == step.next->url, "a URL's text is that URL");
        PLAIT_ASSERT(step.next->url.is_https() || !request.url.is_https(), "https does not become http");
        left = left || step.next->url.origin() != origin;
        PLAIT_ASSERT(!left || !step.next->headers.contains("Authorization"), "no credential leaves its origin");
        request = std::move(*step.next);
    }
    PLAIT_ASSERT(redirects.followed() <= RedirectOptions().most, "redirects keep their limit");
}
