#include "plait/http/redirects.hpp"

#include "plait/base/error.hpp"
#include "plait/http/cookies/cookie_jar.hpp"
#include "plait/http/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace plait::http {

namespace {

constexpr int see_other = 303;

bool is_retrieval(const Request& request) { return request.method() == "GET" || request.method() == "HEAD"; }

/// Fields that say what is wanted and nothing about who wants it. A list of credentials would never be complete.
constexpr std::array harmless_fields{
    "Accept",   "Accept-Charset", "Accept-Encoding",   "Accept-Language",     "Cache-Control", "Connection",
    "If-Match", "If-None-Match",  "If-Modified-Since", "If-Unmodified-Since", "If-Range",      "Pragma",
    "Range",    "User-Agent",     "X-Request-Id",      "traceparent",
};

bool is_harmless(std::string_view name) {
    return std::any_of(harmless_fields.begin(), harmless_fields.end(),
                       [name](const char* harmless) { return equal_ignoring_case(name, harmless); });
}

/// Fields about a body, and the key by which a server recognises a repeated one.
bool is_about_body(std::string_view name) {
    constexpr std::string_view content = "Content-";
    return equal_ignoring_case(name.substr(0, content.size()), content) ||
           equal_ignoring_case(name, "Idempotency-Key") || equal_ignoring_case(name, "Digest") ||
           equal_ignoring_case(name, "Expect");
}

/// Escapes what servers should have escaped, as browsers do: a space, and what is not ASCII.
std::string escaped_location(std::string_view location) {
    std::string escaped;
    escaped.reserve(location.size());
    for (const char c : location) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos) {
            escaped += c;
        } else {
            fmt::format_to(std::back_inserter(escaped), "%{:02X}", byte);
        }
    }
    return escaped;
}

/// Returns the URL that the answer points to, or says in `why_not` why there is none.
std::optional<Url> target_of(const Url& base, const Response& answer, std::string& why_not) {
    const auto locations = answer.headers.get_all("Location");
    if (locations.empty()) {
        why_not = "it has no Location";
    } else if (std::any_of(locations.begin(), locations.end(), [&](auto other) { return other != locations[0]; })) {
        why_not = "it has several Locations";
    } else {
        try {
            Url target = base.resolve(escaped_location(locations[0]));
            if (locations[0].find('#') == std::string_view::npos) target.inherit_fragment(base);
            return target;
        } catch (const Error& error) {
            why_not = fmt::format("its Location can't be used: {}", error.what());
        }
    }
    return std::nullopt;
}

/// The request as a retrieval of the result of another one.
Request retrieval(const Request& sent, Url url) {
    Request next(sent.method() == "HEAD" ? "HEAD" : "GET", std::move(url));
    for (const Header field : sent.headers) {
        if (!is_about_body(field.name)) next.headers.add(field.name, field.value);
    }
    next.timeout = sent.timeout;
    next.time_left = sent.time_left;
    next.without_default_headers = sent.without_default_headers;
    next.without_credentials = sent.without_credentials;
    return next;
}

/// Leaves only harmless fields, those of `defaults` included.
void leave_origin(Request& request, const Headers& defaults) {
    Headers kept;
    for (const Header field : request.headers) {
        if (is_harmless(field.name)) kept.add(field.name, field.value);
    }
    for (const Header field : defaults) {
        if (!request.without_default_headers && is_harmless(field.name) && !request.headers.contains(field.name))
            kept.add(field.name, field.value);
    }
    request.headers = std::move(kept);
    request.without_default_headers = true;
}

/// The request with the cookies of the jar; null when it gets none.
std::unique_ptr<const Request> with_cookies(const Request& request, CookieJar& cookies) {
    if (request.headers.contains("Cookie")) return nullptr;
    const std::string value = cookies.header_for(request.url);
    if (value.empty()) return nullptr;
    auto with = std::make_unique<Request>(request);
    with->headers.add("Cookie", value);
    return with;
}

std::string visit_of(const Request& request) { return fmt::format("{} {}", request.method(), request.url.text()); }

}  // namespace

RedirectStep Redirects::after(const Request& sent, const Response& answer, const Headers& defaults) {
    RedirectStep step;
    if (options_.most == 0 || !is_redirect(answer.status)) return step;
    const bool keeps_method = answer.status != see_other;
    if ((answer.status == 301 || answer.status == 302) && !is_retrieval(sent)) {
        step.why_not = fmt::format("{} does not say whether the {} was executed: send it to the new URL", answer.status,
                                   sent.method());
        return step;
    }
    std::optional<Url> url = target_of(sent.url, answer, step.why_not);
    if (!url) return step;
    Request next = keeps_method ? sent : retrieval(sent, *url);
    next.url = std::move(*url);
    if (visited_.empty()) visited_.push_back(visit_of(sent));
    if (answer.headers.contains("Set-Cookie")) visited_.clear();  // the same URL may answer otherwise now
    step.why_not = why_not_followed(sent, next);
    if (!step.why_not.empty()) return step;

    step.leaves_origin = next.url.origin() != sent.url.origin();
    if (step.leaves_origin) leave_origin(next, defaults);
    if (sent.url.is_https() && !next.url.is_https()) next.without_credentials = true;
    step.was_executed = !keeps_method && !is_repeatable(sent);
    visited_.push_back(visit_of(next));
    step.next = std::move(next);
    ++followed_;
    return step;
}

RedirectStep next_retrieval(const Request& sent, Url url, bool to_http) {
    RedirectStep step;
    if (sent.url.is_https() && !url.is_https() && !to_http) {
        step.why_not = "it leads from https to http (--redirect-to-http)";
        return step;
    }
    Request next = retrieval(sent, std::move(url));
    step.leaves_origin = next.url.origin() != sent.url.origin();
    if (step.leaves_origin) leave_origin(next, Headers());
    if (sent.url.is_https() && !next.url.is_https()) next.without_credentials = true;
    step.was_executed = !is_repeatable(sent);
    step.next = std::move(next);
    return step;
}

std::string Redirects::why_not_followed(const Request& sent, const Request& next) const {
    if (followed_ >= options_.most)
        return fmt::format("{} were followed before it (--max-redirects)",
                           followed_ == 1 ? "1 redirect" : fmt::format("{} redirects", followed_));
    if (sent.url.is_https() && !next.url.is_https() && !options_.to_http)
        return "it leads from https to http (--redirect-to-http)";
    const bool leaves_origin = next.url.origin() != sent.url.origin();
    if (leaves_origin && (!is_retrieval(next) || body_size(next) > 0))
        return fmt::format("it leads to another origin, {}, where a body and its {} are not sent", next.url.origin(),
                           next.method());
    if (std::find(visited_.begin(), visited_.end(), visit_of(next)) != visited_.end()) return "it leads in a circle";
    return "";
}

namespace {

/// The way of a call from hop to hop. It is small while it waits for an answer, as the frame of a coroutine holds all
/// its variables.
class Way {
  public:
    Way(const Request& request, const RedirectOptions& options) : redirects_(options), sent_(&request) {}

    const Request& request() const noexcept { return *sent_; }

    void take(Boxed<Response> response) { response_ = std::move(response); }
    /// The answer of the last hop.
    const Response& response() const noexcept { return *response_; }
    Boxed<Response> take_response() { return std::move(response_); }

    /// Whether there is a next hop. If not, the answer gets its URL, unless that is the text of the first one.
    bool goes_on(const Headers& defaults) {
        RedirectStep step = redirects_.after(*sent_, *response_, defaults);
        if (!step.next) {
            if (next_ || !sent_->url.fragment().empty()) response_->url = sent_->url.text_with_fragment();
            return false;
        }
        was_executed_ = was_executed_ || step.was_executed;
        next_ = std::make_unique<const Request>(std::move(*step.next));
        sent_ = next_.get();
        return true;
    }

    SendError error_of(SendFailure& failure) const {
        return SendError(SendFailure(failure.code, std::move(failure.message), failure.maybe_sent || was_executed_,
                                     failure.was_stale));
    }

  private:
    Redirects redirects_;
    const Request* sent_;
    std::unique_ptr<const Request> next_;
    Boxed<Response> response_;
    bool was_executed_ = false;
};

}  // namespace

Task<Response> send_following(Session& session, Request request, RedirectOptions options, CookieJar* cookies) {
    Boxed<Response> response = co_await send_following_by_reference(session, request, options, cookies);
    if (response->url.empty()) response->url = request.url.text_with_fragment();
    co_return std::move(*response);
}

Task<Boxed<Response>> send_following_by_reference(Session& session, const Request& request, RedirectOptions options,
                                                  CookieJar* cookies) {
    Way way(request, options);
    for (;;) {
        {
            const auto with = cookies ? with_cookies(way.request(), *cookies) : nullptr;
            SendOutcome outcome = co_await session.try_send(with ? *with : way.request());
            if (SendFailure* const failure = outcome.failure()) throw way.error_of(*failure);
            way.take(outcome.take_response());
        }
        if (cookies) cookies->store(way.request().url, way.response().headers);
        if (!way.goes_on(session.options().headers)) co_return way.take_response();
    }
}

}  // namespace plait::http
