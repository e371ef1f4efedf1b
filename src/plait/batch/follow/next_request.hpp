#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/follow/answer_value.hpp"
#include "plait/batch/follow/follow_rule.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/message/url.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// What follows an answer of a call that has pages, or a job.
class FollowStep {
  public:
    enum class Kind {
        over,    ///< nothing: it is the last answer
        next,    ///< a GET of `url`
        repeat,  ///< `request`: the same request for another page
        broken   ///< nothing, although something should: `why` says what is wrong with the answer
    };

    static FollowStep over() { return FollowStep(Kind::over); }
    static FollowStep next(http::Url url) {
        FollowStep step(Kind::next);
        step.url.emplace(std::move(url));
        return step;
    }
    static FollowStep repeat(http::Request request) {
        FollowStep step(Kind::repeat);
        step.request.emplace(std::move(request));
        return step;
    }
    static FollowStep broken(std::string why) {
        FollowStep step(Kind::broken);
        step.why = std::move(why);
        return step;
    }

    Kind kind;
    std::optional<http::Url> url;
    std::optional<http::Request> request;
    std::string why;

  private:
    explicit FollowStep(Kind kind_) noexcept : kind(kind_) {}
};

/// The way from page to page of one call. `body` is that of `page`, wherever it is kept.
///
///     PageTrail trail(rule);
///     for (FollowStep step = trail.after(sent, page, body); step.kind == Kind::next; ...) get(*step.url);
///
/// A page without a next one is the last. A value that can't be followed, a page that came before (a circle), and more
/// than the usual number of pages are `broken`: a list never ends early in silence.
class PageTrail {
  public:
    /// A pointer of the rule, and whether there is a value at it in the last page, perhaps null; also if the page is
    /// not JSON, which is an error of its own.
    struct Found {
        std::string_view pointer;
        bool has_value;
    };

    explicit PageTrail(PageRule rule) : rule_(std::move(rule)) {}

    /// Takes a page that answers `sent`, and decides what follows.
    FollowStep after(const http::Request& sent, const http::Response& page, std::string_view body);

    /// The number of pages that were taken.
    std::size_t pages() const noexcept { return pages_; }
    /// Whether the last page named another one that is not wanted.
    bool has_more() const noexcept { return has_more_; }
    /// What stands at the pointers of the rule. Valid until the next page, and as long as the trail.
    const std::vector<Found>& found() const noexcept { return found_; }

  private:
    FollowStep next_of(const http::Request& sent, const http::Response& page, std::string_view body);
    FollowStep step_to(const AnswerValue& found, const http::Request& sent, std::string_view body,
                       bool is_promised) const;
    AnswerValue value(std::string_view pointer, std::string_view body);

    PageRule rule_;
    std::size_t pages_ = 0;
    bool has_more_ = false;
    std::vector<Found> found_;
    std::set<std::string> visited_;
};

/// Why the pages of a call can't be got by this rule, whatever its answers are: its request has no place for the cursor
/// or no number to count from. Empty: they can.
std::string why_not_paged(const PageRule& rule, const http::Request& request);

/// Decides what follows a 2xx answer to `sent` about a job: whether it has ended, and where to ask next. `is_first`: it
/// is the answer to the request that started the job.
FollowStep next_poll(const PollRule& rule, const http::Request& sent, bool is_first, const http::Response& answer,
                     std::string_view body);

/// Returns the wait before the next poll. `asked`: by `Retry-After`; `so_far`: since the job was started.
Duration poll_wait(const PollRule& rule, std::optional<Duration> asked, Duration so_far);

}  // namespace plait::batch
