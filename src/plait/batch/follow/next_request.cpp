#include "plait/batch/follow/next_request.hpp"

#include "plait/base/error.hpp"
#include "plait/base/form_text.hpp"
#include "plait/base/words.hpp"
#include "plait/batch/follow/link_header.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>

namespace plait::batch {

namespace {

namespace dom = simdjson::dom;

constexpr int accepted = 202;

/// What stands at a pointer.
struct Found {
    enum class Kind { text, null, missing, not_json, not_scalar };

    Found(Kind kind_, std::string text_ = {}) : kind(kind_), text(std::move(text_)) {}

    bool is_text() const noexcept { return kind == Kind::text && !text.empty(); }
    bool exists() const noexcept { return kind != Kind::missing && kind != Kind::not_json; }

    Kind kind;
    std::string text;  ///< of a string, a number, `true` or `false`
};

Found value_at(std::string_view pointer, std::string_view body) {
    thread_local dom::parser parser;  // it keeps its buffers
    dom::element document, value;
    if (parser.parse(json::without_byte_order_mark(body)).get(document) != simdjson::SUCCESS)
        return Found(Found::Kind::not_json);
    if (document.at_pointer(pointer).get(value) != simdjson::SUCCESS) return Found(Found::Kind::missing);
    switch (value.type()) {
        case dom::element_type::STRING:
            return Found(Found::Kind::text, std::string(value.get_string().value_unsafe()));
        case dom::element_type::NULL_VALUE:
            return Found(Found::Kind::null);
        case dom::element_type::OBJECT:
        case dom::element_type::ARRAY:
            return Found(Found::Kind::not_scalar);
        default:
            return Found(Found::Kind::text, std::string(simdjson::minify(value)));
    }
}

FollowStep resolved(const http::Url& base, std::string_view reference, std::string_view what) {
    try {
        return FollowStep::next(base.resolve(reference));
    } catch (const Error& error) {
        return FollowStep::broken(fmt::format("{} can't be used: {}", what, error.what()));
    }
}

/// The URL with this value of the parameter, instead of any that it has.
http::Url with_parameter(const http::Url& url, std::string_view name, std::string_view value) {
    std::string encoded;
    append_form_pair(encoded, name, "");
    encoded.pop_back();  // the '='
    const std::string_view text = url.text();
    const std::size_t query = std::min(text.find('?'), text.size());
    std::string kept;
    for (std::string_view rest = text.substr(std::min(query + 1, text.size())); !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const std::string_view its_name = pair.substr(0, pair.find('='));
        if (its_name == name || its_name == encoded) continue;
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
        const Found url = value_at(at, body);
        if (!url.is_text()) return FollowStep::broken(fmt::format("the answer has no URL at {}", at));
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
        const Found name = value_at(pointer, body);
        if (!name.is_text() || name.text == "." || name.text == "..")
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
            fmt::format("there are more than {} pages: say how many are wanted (max_pages, --max-pages)", pages_));
    has_more_ = true;
    return FollowStep::over();
}

FollowStep PageTrail::next_of(const http::Url& from, const http::Response& page, std::string_view body) const {
    if (rule_.pointer.empty()) {
        const auto target = link_target(page.headers, "next");
        return target ? resolved(from, *target, "its next link") : FollowStep::over();
    }
    const Found found = value_at(rule_.pointer, body);
    if (found.kind == Found::Kind::not_json)
        return FollowStep::broken(fmt::format("it is not JSON, so nothing says what follows ({})", rule_.pointer));
    if (found.kind == Found::Kind::not_scalar)
        return FollowStep::broken(fmt::format("the value at {} is an object or a list", rule_.pointer));
    if (!found.is_text() || found.text == "false") return FollowStep::over();
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
        const Found state = value_at(rule.pointer, body);
        const bool has_ended = std::find(rule.until.begin(), rule.until.end(), state.text) != rule.until.end();
        if (has_ended && state.is_text()) return FollowStep::over();
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
