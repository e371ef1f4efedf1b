#include "plait/batch/follow/next_request.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/follow/answer_value.hpp"
#include "plait/batch/follow/link_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
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

FollowStep PageTrail::after(const http::Url& from, const http::Response& page, std::string_view body) {
    ++pages_;
    visited_.insert(from.text());
    FollowStep step = next_of(from, page, body);
    if (step.kind != FollowStep::Kind::next) return step;
    if (visited_.contains(step.url->text()))
        return FollowStep::broken(fmt::format("the pages go in a circle: {} came before", step.url->without_query()));
    if (pages_ < rule_.most.value_or(PageRule::usual_most)) return step;
    if (!rule_.most)
        return FollowStep::broken(
            fmt::format("more than {} pages: set the most you want with max_pages or --max-pages", pages_));
    has_more_ = true;
    return FollowStep::over();
}

FollowStep PageTrail::next_of(const http::Url& from, const http::Response& page, std::string_view body) {
    if (rule_.pointer.empty()) {
        const auto target = link_target(page.headers, "next");
        if (!target) return FollowStep::over();
        if (target->empty()) return FollowStep::broken("its next link is empty");
        return resolved(from, *target, "its next link");
    }
    using Kind = AnswerValue::Kind;
    const AnswerValue found = value_at(rule_.pointer, body);
    has_value_ = found.kind != Kind::missing;
    if (found.kind == Kind::not_json)
        return FollowStep::broken(fmt::format("it is not JSON, so nothing says what follows ({})", rule_.pointer));
    if (found.kind == Kind::object_or_list)
        return FollowStep::broken(fmt::format("the value at {} is an object or a list", rule_.pointer));
    if (found.kind == Kind::not_unicode)
        return FollowStep::broken(fmt::format("the value at {} has half of a surrogate pair", rule_.pointer));
    if (!found.has_text() || found.text == "false") return FollowStep::over();
    if (!rule_.cursor.empty()) return FollowStep::next(with_parameter(from, rule_.cursor, found.text));
    const bool is_number = found.text.find_first_not_of("-+.0123456789eE") == std::string::npos;
    if (is_number || found.text == "true")
        return FollowStep::broken(
            fmt::format("the value at {} is {}, not a URL: is \"cursor\" missing, the name of its query parameter?",
                        rule_.pointer, printable(found.text)));
    return resolved(from, found.text, fmt::format("the value at {}", rule_.pointer));
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
