#pragma once

#include "plait/async/task.hpp"
#include "plait/base/boxed.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace plait::http {

class CookieJar;
class Session;

/// Which redirects are followed.
struct RedirectOptions {
    /// The most redirects of one call. 0: a redirect is an answer like any other.
    std::size_t most = 10;
    /// Follow redirects from https to http, too.
    bool to_http = false;
};

/// What comes after an answer.
class RedirectStep {
  public:
    RedirectStep() {}

    /// The request to send next. None: the answer is the last one.
    std::optional<Request> next;
    /// Why a redirect is not followed. Empty: it is, or the answer is no redirect.
    std::string why_not;
    /// Whether `next` goes to another origin. It then has no header fields but those that describe what is wanted, such
    /// as `Accept`: any other may be a credential. A session adds the credentials that name the new server, but not
    /// after a redirect from https to http.
    bool leaves_origin = false;
    /// Whether the request that was answered may have had an effect, so that it must not be sent again: it was not safe
    /// to repeat, and the answer is 303.
    bool was_executed = false;
};

/// The redirects of one call (RFC 9110, section 15.4).
///
/// - 301 and 302 are followed for GET and HEAD. They don't say whether any other request was executed, and sending GET
///   in its place would make a success of a call that was never made.
/// - 303 is followed by GET, or by HEAD after HEAD, without body.
/// - 307 and 308 are followed with the same method and body, within the origin; for GET and HEAD without a body also to
///   another one.
class Redirects {
  public:
    explicit Redirects(RedirectOptions options = {}) noexcept : options_(options) {}

    /// Decides what comes after `answer` to `sent`, in which `Location` is relative to the URL of `sent`. `defaults`
    /// are fields that `sent` did not contain and was sent with.
    RedirectStep after(const Request& sent, const Response& answer, const Headers& defaults = {});

    /// The number of redirects that were followed.
    std::size_t followed() const noexcept { return followed_; }

  private:
    std::string why_not_followed(const Request& sent, const Request& next) const;

    RedirectOptions options_;
    std::size_t followed_ = 0;
    std::vector<std::string> visited_;  ///< methods and URLs since the last cookie
};

/// The GET of `url`, which an answer to `sent` names as what comes next in other words than by a redirect, such as the
/// next page of a list: without body, and under the rules of redirects to another origin. Not from https to http,
/// unless `to_http`.
RedirectStep next_retrieval(const Request& sent, Url url, bool to_http);

/// Whether an answer with this status points to another URL.
constexpr bool is_redirect(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Sends `request` and follows redirects, each as an attempt of its own. Returns the last answer, whose `url` says
/// where it comes from; a redirect that is not followed is an answer. With a jar, each hop sends its cookies, and
/// leaves those that it gets; a request with a `Cookie` of its own gets no others. Session and jar outlive the task.
///
///     CookieJar cookies;
///     const Response page = co_await send_following(session, Request("GET", url), RedirectOptions(), &cookies);
///
/// Throws `SendError` as `Session::send`, of the attempt that failed.
Task<Response> send_following(Session& session, Request request, RedirectOptions options = {},
                              CookieJar* cookies = nullptr);

/// The same without copies. `request` must outlive the task, too. The `url` of an answer that comes from that of the
/// request, without a fragment, is left empty.
Task<Boxed<Response>> send_following_by_reference(Session& session, const Request& request,
                                                  RedirectOptions options = {}, CookieJar* cookies = nullptr);

}  // namespace plait::http
