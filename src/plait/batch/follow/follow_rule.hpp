#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace plait::batch {

/// A list that comes in pages: how the request for the next page is made from a page.
class PageRule {
  public:
    /// A call gets at most this many pages if nothing else is said. More pages are an error then: a list that never
    /// ends is one, and a list that is cut off in silence is worse.
    static constexpr std::size_t usual_most = 1000;

    PageRule() noexcept {}

    /// Whether the next page has no name but a number, which is counted up.
    bool counts = false;
    /// If nothing is counted: a JSON Pointer (RFC 6901) to the URL of the next page, or to its cursor. Empty: the
    /// `Link` header names it.
    std::string pointer;
    /// The query parameter of the request that the cursor or the number becomes.
    std::string cursor;
    /// Or a JSON Pointer to its place in the body of the request. Both empty: the value at `pointer` is a URL.
    std::string into;
    /// What is added to the number from page to page.
    std::uint64_t step = 1;
    /// A JSON Pointer to what says whether there is another page; empty: nothing says so.
    std::string more;
    /// A JSON Pointer to the list of a page: an empty one ends the pages. The empty pointer is the page itself.
    std::optional<std::string> items;
    /// At most this many pages are wanted; nothing: all of them, up to `usual_most`.
    std::optional<std::size_t> most;

    /// Whether the next page is got with the same request, with another value in its query or body.
    bool repeats_request() const noexcept { return !cursor.empty() || !into.empty(); }
};

/// A job that must be asked for: where, and when it has ended.
class PollRule {
  public:
    PollRule() noexcept {}

    /// A JSON Pointer to the state of the job. Empty: it goes on as long as the status is 202.
    std::string pointer;
    /// The values at the pointer that end it.
    std::vector<std::string> until;
    /// Where to ask, if no `Location` says so: a JSON Pointer to a URL in the first answer, or a URL with pointers in
    /// braces, such as `/v1/batches/{/id}`. Empty: the URL of the call itself, if it is a GET.
    std::string at;
    /// The time between two requests, unless `Retry-After` says another; nothing: a tenth of the time so far, at least
    /// 1 s, at most 30 s.
    std::optional<Duration> every;
};

/// What makes further requests part of a call: its pages, or the polls of its job.
class FollowRule {
  public:
    explicit FollowRule(PageRule pages) : rule_(std::move(pages)) {}
    explicit FollowRule(PollRule poll) : rule_(std::move(poll)) {}

    /// Parses the JSON of a `follow` field (docs/formats.md): an object with `next`, or with `poll`. Throws
    /// `Error(bad_input)`, which says what is wrong.
    static FollowRule parse(std::string_view json);

    /// Parses the value of a flag: `next=link`, `next=/next`, `next=/meta/next,cursor=after`,
    /// `next=count,cursor=page,items=/items`, `poll=location`, `poll=/status:succeeded,failed`, or JSON as in a
    /// `follow` field. Throws `Error(bad_input)`.
    static FollowRule parse_flag(std::string_view text);

    /// Null if the rule is about a job.
    const PageRule* pages() const noexcept { return std::get_if<PageRule>(&rule_); }
    /// Null if the rule is about pages.
    const PollRule* poll() const noexcept { return std::get_if<PollRule>(&rule_); }

    /// Returns the rule as the JSON of a `follow` field.
    std::string text() const;

  private:
    std::variant<PageRule, PollRule> rule_;
};

}  // namespace plait::batch
