#include "plait/batch/follow/next_request.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/follow/answer_value.hpp"
#include "plait/batch/follow/link_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

namespace plait::batch {

namespace {

constexpr int accepted = 202;

/// Whether a URL, absolute or relative, has a user name or password.
bool has_user_info(std::string_view reference) {
    const std::size_t slashes = reference.substr(0, reference.find_first_of("/?#")).ends_with(':')
                                    ? reference.find("//")
                                : reference.starts_with("//") ? 0
                                                              : reference.npos;
    if (slashes == reference.npos) return false;
    const std::string_view authority = reference.substr(slashes + 2);
    return authority.substr(0, authority.find_first_of("/?#")).find('@') != authority.npos;
}

FollowStep resolved(const http::Url& base, std::string_view reference, std::string_view what) {
    if (has_user_info(reference))
        return FollowStep::broken(fmt::format(
            "{} can't be used: it has a user name or password, which plait does not take from an answer", what));
    try {
        return FollowStep::next(base.resolve(reference));
    } catch (const Error& error) {
        return FollowStep::broken(fmt::format("{} can't be used: {}", what, error.what()));
    }
}

/// The value of a hexadecimal digit, such as those of `%5B` in a URL.
int digit_of(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/// Decodes a name of a query as servers do (WHATWG URL, section 5.1). A URL has two digits behind each `%`.
std::string decoded_name(std::string_view text) {
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            name += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
            i += 2;
        } else {
            name += text[i] == '+' ? ' ' : text[i];
        }
    }
    return name;
}

/// The URL with this value of the parameter, instead of any that it has.
http::Url with_parameter(const http::Url& url, std::string_view name, std::string_view value) {
    const std::string_view text = url.text();
    const std::size_t query = std::min(text.find('?'), text.size());
    std::string kept;
    for (std::string_view rest = text.substr(std::min(query + 1, text.size())); !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        if (decoded_name(pair.substr(0, pair.find('='))) == name) continue;
        kept += kept.empty() ? '?' : '&';
        kept += pair;
    }
    http::Url next(std::string(text.substr(0, query)) + kept);
    next.add_query(name, value);
    return next;
}

/// The value of this parameter, as it is written; nothing if the URL has none, or several.
std::optional<std::string_view> parameter_of(const http::Url& url, std::string_view name) {
    const std::string_view text = url.text();
    std::optional<std::string_view> value;
    for (std::string_view rest = text.substr(std::min(text.find('?'), text.size())); !rest.empty();) {
        rest.remove_prefix(1);  // the '?' or '&'
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(pair.size());
        const std::size_t equal = std::min(pair.find('='), pair.size());
        if (decoded_name(pair.substr(0, equal)) != name) continue;
        if (value) return std::nullopt;
        value = pair.substr(std::min(equal + 1, pair.size()));
    }
    return value;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    constexpr std::uint64_t most = std::uint64_t{1} << 53;  // beyond, numbers in JSON are not exact everywhere
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number > most) return std::nullopt;
    return number;
}

/// The same request with this JSON in its body; nothing if there is no place for it.
std::optional<http::Request> with_body_value(const http::Request& sent, std::string_view pointer,
                                             std::string_view json) {
    if (sent.body_parts) return std::nullopt;
    std::optional<std::string> body = with_value_at(pointer, sent.body, json);
    if (!body) return std::nullopt;
    http::Request next = sent;
    next.body = *std::move(body);
    return next;
}

http::Request with_query_value(const http::Request& sent, std::string_view name, std::string_view value) {
    http::Request next = sent;
    next.url = with_parameter(sent.url, name, value);
    return next;
}

/// The same request for the page with the next number; nothing if it has no number.
std::optional<http::Request> counted_up(const PageRule& rule, const http::Request& sent) {
    const bool is_in_query = !rule.cursor.empty();
    const std::optional<std::string_view> written =
        is_in_query ? parameter_of(sent.url, rule.cursor) : std::optional<std::string_view>();
    const AnswerValue in_body =
        is_in_query || sent.body_parts ? AnswerValue(AnswerValue::Kind::missing) : value_at(rule.into, sent.body);
    const bool is_text = in_body.kind == AnswerValue::Kind::text;
    const std::optional<std::uint64_t> number = number_in(written ? *written : std::string_view(in_body.text));
    if (!number) return std::nullopt;
    const std::string next = fmt::to_string(*number + rule.step);
    if (is_in_query) return with_query_value(sent, rule.cursor, next);
    return with_body_value(sent, rule.into, is_text ? fmt::format("\"{}\"", next) : next);
}

/// What tells pages apart that are got with this rule.
std::string visit_of(const PageRule& rule, const http::Request& request) {
    std::string visit = request.url.text();
    if (!rule.into.empty()) visit += "\n" + json_at(rule.into, request.body);
    return visit;
}

std::string page_in_words(const PageRule& rule, const http::Request& request) {
    if (rule.into.empty()) return std::string(request.url.without_query());
    return fmt::format("{} at {}", printable(json_at(rule.into, request.body)), rule.into);
}

/// The text as one segment of a path.
std::string segment_of(std::string_view text) {
    std::string segment;
    for (const char c : text) {
        const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                              c == '.' || c == '_' || c == '~';
        if (is_plain) {
            segment += c;
        } else {
            fmt::format_to(std::back_inserter(segment), "%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return segment;
}

/// Where to ask for the job, by the `at` of its rule.
FollowStep place_of(const std::string& at, const http::Url& base, std::string_view body) {
    if (at.find('{') == std::string::npos) {
        const AnswerValue url = value_at(at, body);
        if (!url.has_text()) return FollowStep::broken(fmt::format("the answer has no URL at {}", at));
        return resolved(base, url.text, fmt::format("the value at {}", at));
    }
    std::string url;
    std::string_view rest = at;
    while (!rest.empty()) {
        const std::size_t open = rest.find('{');
        url += rest.substr(0, open);
        if (open == std::string_view::npos) break;
        rest.remove_prefix(open + 1);
        const std::string_view pointer = rest.substr(0, rest.find('}'));
        rest.remove_prefix(std::min(pointer.size() + 1, rest.size()));
        const AnswerValue name = value_at(pointer, body);
        if (!name.has_text() || name.text == "." || name.text == "..")
            return FollowStep::broken(fmt::format("the answer has no name at {} for the URL {}", pointer, at));
        url += segment_of(name.text);
    }
    return resolved(base, url, fmt::format("the URL {}", url));
}

FollowStep first_place(const PollRule& rule, const http::Request& sent, const http::Response& answer,
                       std::string_view body) {
    if (!rule.at.empty()) return place_of(rule.at, sent.url, body);
    if (const auto location = answer.headers.get("Location")) return resolved(sent.url, *location, "its Location");
    if (sent.method() == "GET" || sent.method() == "HEAD") return FollowStep::next(sent.url);
    return FollowStep::broken(
        fmt::format("the {} has no Location that says where to ask for the job; \"at\" names the place in its body",
                    answer.status));
}

}  // namespace

FollowStep PageTrail::after(const http::Request& sent, const http::Response& page, std::string_view body) {
    ++pages_;
    found_.clear();
    visited_.insert(visit_of(rule_, sent));
    FollowStep step = next_of(sent, page, body);
    if (step.kind != FollowStep::Kind::next && step.kind != FollowStep::Kind::repeat) return step;
    const bool is_next = step.kind == FollowStep::Kind::next;
    if (visited_.contains(is_next ? step.url->text() : visit_of(rule_, *step.request)))
        return FollowStep::broken(
            fmt::format("the pages go in a circle: {} came before",
                        is_next ? step.url->without_query() : page_in_words(rule_, *step.request)));
    if (pages_ < rule_.most.value_or(PageRule::usual_most)) return step;
    if (!rule_.most)
        return FollowStep::broken(
            fmt::format("more than {} pages: set the most you want with max_pages or --max-pages", pages_));
    has_more_ = true;
    return FollowStep::over();
}

/// The value at a pointer of the rule.
AnswerValue PageTrail::value(std::string_view pointer, std::string_view body) {
    AnswerValue found = value_at(pointer, body);
    found_.push_back({pointer, found.kind != AnswerValue::Kind::missing});
    return found;
}

FollowStep PageTrail::next_of(const http::Request& sent, const http::Response& page, std::string_view body) {
    using Kind = AnswerValue::Kind;
    const auto not_json = [](std::string_view pointer) {
        return FollowStep::broken(
            fmt::format("it is not JSON, so nothing says what follows ({})", pointer.empty() ? R"("items")" : pointer));
    };
    bool is_last = false, is_promised = false;
    if (!rule_.more.empty()) {
        const AnswerValue more = value(rule_.more, body);
        if (more.kind == Kind::not_json) return not_json(rule_.more);
        is_last = !more.exists() || more.kind == Kind::null || more.text == "false" || more.is("0");
        is_promised = more.text == "true" || (more.kind == Kind::number && !is_last);
        if (!is_last && !is_promised)
            return FollowStep::broken(
                fmt::format("the value at {} is neither true nor false, and no number", rule_.more));
    }
    if (rule_.items) {
        const AnswerValue items = value(*rule_.items, body);
        if (items.kind == Kind::not_json) return not_json(*rule_.items);
        is_last |= !items.exists() || items.kind == Kind::null || items.kind == Kind::empty;
        if (!is_last && items.kind != Kind::object_or_list)
            return FollowStep::broken(fmt::format("the value at \"{}\" is no list", *rule_.items));
    }
    const AnswerValue cursor = rule_.pointer.empty() ? AnswerValue(Kind::missing) : value(rule_.pointer, body);
    if (is_last) return FollowStep::over();
    if (!rule_.pointer.empty()) return step_to(cursor, sent, body, is_promised);
    if (rule_.counts) {
        std::optional<http::Request> next = counted_up(rule_, sent);
        if (!next) return FollowStep::broken(why_not_paged(rule_, sent));
        return FollowStep::repeat(*std::move(next));
    }
    const auto target = link_target(page.headers, "next");
    if (!target && is_promised)
        return FollowStep::broken(
            fmt::format("there are more by the value at {}, but it has no next link", rule_.more));
    if (!target) return FollowStep::over();
    if (target->empty()) return FollowStep::broken("its next link is empty");
    return resolved(sent.url, *target, "its next link");
}

/// What follows by the value at the pointer. `is_promised`: there is another page.
FollowStep PageTrail::step_to(const AnswerValue& found, const http::Request& sent, std::string_view body,
                              bool is_promised) const {
    using Kind = AnswerValue::Kind;
    if (found.kind == Kind::not_json)
        return FollowStep::broken(fmt::format("it is not JSON, so nothing says what follows ({})", rule_.pointer));
    if (found.kind == Kind::not_unicode)
        return FollowStep::broken(fmt::format("the value at {} has half of a surrogate pair", rule_.pointer));
    const bool has_members = found.kind == Kind::object_or_list || found.kind == Kind::empty;
    if (has_members && rule_.into.empty())
        return FollowStep::broken(fmt::format("the value at {} is an object or a list", rule_.pointer));
    if (found.kind != Kind::object_or_list && (!found.has_text() || found.text == "false")) {
        if (!is_promised) return FollowStep::over();
        return FollowStep::broken(
            fmt::format("there are more by the value at {}, but none is named at {}", rule_.more, rule_.pointer));
    }
    if (!rule_.cursor.empty()) return FollowStep::repeat(with_query_value(sent, rule_.cursor, found.text));
    if (!rule_.into.empty()) {
        std::optional<http::Request> next = with_body_value(sent, rule_.into, json_at(rule_.pointer, body));
        if (!next) return FollowStep::broken(why_not_paged(rule_, sent));
        return FollowStep::repeat(*std::move(next));
    }
    const bool is_number = found.text.find_first_not_of("-+.0123456789eE") == std::string::npos;
    if (is_number || found.text == "true")
        return FollowStep::broken(
            fmt::format("the value at {} is {}, not a URL: is \"cursor\" missing, the name of its query parameter?",
                        rule_.pointer, printable(found.text)));
    return resolved(sent.url, found.text, fmt::format("the value at {}", rule_.pointer));
}

std::string why_not_paged(const PageRule& rule, const http::Request& request) {
    if (rule.counts && !counted_up(rule, request)) {
        return rule.into.empty() ? fmt::format("there is no number to count from: the URL needs {} once, such as {}=1",
                                               rule.cursor, rule.cursor)
                                 : fmt::format("there is no number to count from at {} in the body", rule.into);
    }
    if (!rule.into.empty() && !with_body_value(request, rule.into, "0"))
        return fmt::format("its body is not JSON with a place for the cursor at {}", rule.into);
    return "";
}

FollowStep next_poll(const PollRule& rule, const http::Request& sent, bool is_first, const http::Response& answer,
                     std::string_view body) {
    if (rule.pointer.empty()) {
        if (answer.status != accepted) return FollowStep::over();
    } else {
        const AnswerValue state = value_at(rule.pointer, body);
        const bool has_ended = std::any_of(rule.until.begin(), rule.until.end(),
                                           [&state](const std::string& value) { return state.is(value); });
        if (has_ended) return FollowStep::over();
        const bool starts_a_job = is_first && sent.method() != "GET" && sent.method() != "HEAD";
        if (!state.exists() && !starts_a_job && answer.status != accepted)
            return FollowStep::broken(fmt::format("the answer has no state at {}", rule.pointer));
    }
    if (is_first) return first_place(rule, sent, answer, body);
    const auto location = answer.headers.get("Location");
    if (answer.status == accepted && location) return resolved(sent.url, *location, "its Location");
    return FollowStep::next(sent.url);
}

Duration poll_wait(const PollRule& rule, std::optional<Duration> asked, Duration so_far) {
    constexpr Duration shortest = std::chrono::seconds(1), longest = std::chrono::seconds(30);
    if (asked) return *asked;
    if (rule.every) return *rule.every;
    return std::clamp(so_far / 10, shortest, longest);
}

}  // namespace plait::batch
