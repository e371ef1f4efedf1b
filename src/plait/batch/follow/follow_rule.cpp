#include "plait/batch/follow/follow_rule.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/http/message/url.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <system_error>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view by_link = "link";
constexpr std::string_view by_count = "count";
constexpr std::string_view by_location = "location";

/// All fields of a `follow` object.
struct Fields {
    Fields() {}

    std::optional<std::string> next, cursor, into, more, items, poll, at;
    std::optional<std::size_t> max_pages;
    std::optional<std::uint64_t> step;
    std::optional<std::vector<std::string>> until;
    std::optional<Duration> every;
};

bool is_pointer(std::string_view text) {
    if (!text.starts_with('/')) return false;
    for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
        if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
    }
    return true;
}

/// Throws unless `text` is a pointer. `otherwise`: what it could be instead, such as `"link" or `.
void check_pointer(std::string_view name, std::string_view text, std::string_view example,
                   std::string_view otherwise = "") {
    if (is_pointer(text)) return;
    throw_bad_input(
        fmt::format("\"{}\" is {}a JSON Pointer such as {}, not '{}'", name, otherwise, example, printable(text)));
}

[[noreturn]] void refuse_place(std::string_view at, std::string_view why) {
    throw_bad_input(
        fmt::format("\"at\" is a JSON Pointer such as /urls/get, or a URL with pointers in braces such as "
                    "/v1/jobs/{{/id}}, not '{}': {}",
                    printable(at), why));
}

/// Refuses an `at` that no answer can make a URL: before the job is started.
void check_place(std::string_view at) {
    if (at.find_first_of("{}") == std::string_view::npos) {
        if (!is_pointer(at)) refuse_place(at, "it has no braces, and is no pointer");
        return;
    }
    std::string url;
    for (std::string_view rest = at; !rest.empty();) {
        const std::size_t open = rest.find('{');
        url += rest.substr(0, open);
        if (open == std::string_view::npos) break;
        rest.remove_prefix(open + 1);
        const std::size_t close = rest.find('}');
        if (close == std::string_view::npos) refuse_place(at, "a brace is not closed");
        if (!is_pointer(rest.substr(0, close)))
            refuse_place(at, fmt::format("'{}' in braces is no pointer", printable(rest.substr(0, close))));
        url += '1';  // any name
        rest.remove_prefix(close + 1);
    }
    try {
        (void)http::Url("http://host/").resolve(url);
    } catch (const Error& error) {
        refuse_place(at, error.what());
    }
}

void refuse(std::string_view name, bool is_given, std::string_view with) {
    if (is_given) throw_bad_input(fmt::format("\"{}\" belongs to \"{}\"", name, with));
}

PageRule pages_of(Fields&& fields) {
    refuse("until", fields.until.has_value(), "poll");
    refuse("at", fields.at.has_value(), "poll");
    refuse("every_s", fields.every.has_value(), "poll");
    const bool is_link = *fields.next == by_link;
    PageRule pages;
    pages.counts = *fields.next == by_count;
    if (!is_link && !pages.counts) check_pointer("next", *fields.next, "/meta/next", R"("link", "count" or )");
    if (is_link && fields.cursor)
        throw_bad_input(R"("cursor" needs a JSON Pointer as "next": it names where a page has the next cursor)");
    if (is_link && fields.into)
        throw_bad_input(R"("into" needs a JSON Pointer as "next": it names where a page has the next cursor)");
    if (fields.cursor && fields.into)
        throw_bad_input(R"(give either "cursor" (a query parameter) or "into" (a place in the body))");
    if (fields.into) check_pointer("into", *fields.into, "/variables/after");
    if (fields.more) check_pointer("more", *fields.more, "/has_more");
    if (fields.items && !fields.items->empty()) check_pointer("items", *fields.items, "/items", "\"\" or ");
    if (pages.counts && !fields.cursor && !fields.into)
        throw_bad_input(
            R"("count" needs "cursor", the query parameter with the number, or "into", its place in the body)");
    if (pages.counts && !fields.items && !fields.more && !fields.max_pages)
        throw_bad_input(
            R"("count" needs an end: "items", a JSON Pointer to the list that is empty then, "more" or "max_pages")");
    if (fields.step && !pages.counts) throw_bad_input(R"("step" belongs to "next": "count")");
    if (!is_link && !pages.counts) pages.pointer = std::move(*fields.next);
    pages.cursor = std::move(fields.cursor).value_or("");
    pages.into = std::move(fields.into).value_or("");
    pages.more = std::move(fields.more).value_or("");
    pages.items = std::move(fields.items);
    pages.step = fields.step.value_or(1);
    pages.most = fields.max_pages;
    return pages;
}

FollowRule rule_of(Fields&& fields) {
    if (fields.next.has_value() == fields.poll.has_value())
        throw_bad_input(R"(give either "next" (pages) or "poll" (a job))");
    if (fields.next) return FollowRule(pages_of(std::move(fields)));
    refuse("cursor", fields.cursor.has_value(), "next");
    refuse("into", fields.into.has_value(), "next");
    refuse("more", fields.more.has_value(), "next");
    refuse("items", fields.items.has_value(), "next");
    refuse("step", fields.step.has_value(), "next");
    refuse("max_pages", fields.max_pages.has_value(), "next");
    const bool has_state = *fields.poll != by_location;
    if (has_state) check_pointer("poll", *fields.poll, "/status", "\"location\" or ");
    if (has_state != fields.until.has_value())
        throw_bad_input(has_state ? R"("poll" needs "until": the values that end the job, such as ["succeeded"])"
                                  : R"("until" needs a JSON Pointer as "poll": it names where the state stands)");
    if (fields.at) check_place(*fields.at);
    PollRule poll;
    if (has_state) poll.pointer = std::move(*fields.poll);
    poll.until = std::move(fields.until).value_or(std::vector<std::string>());
    poll.at = std::move(fields.at).value_or("");
    poll.every = fields.every;
    return FollowRule(std::move(poll));
}

std::string scalar_text(ondemand::value value, std::string_view name) {
    switch (json::type_of(value)) {
        case ondemand::json_type::string:
            return std::string(json::read_text(value, name));
        case ondemand::json_type::number:
        case ondemand::json_type::boolean: {
            std::string_view token = value.raw_json_token();
            while (token.ends_with(' ') || token.ends_with('\n') || token.ends_with('\r') || token.ends_with('\t'))
                token.remove_suffix(1);
            return std::string(token);
        }
        default:
            throw_bad_input(fmt::format("\"{}\" must be a text, a number, true, false, or a list of these", name));
    }
}

std::vector<std::string> read_values(ondemand::value value, std::string_view name) {
    std::vector<std::string> values;
    if (json::type_of(value) == ondemand::json_type::array) {
        for (ondemand::value element : json::read_list(value, name)) values.push_back(scalar_text(element, name));
    } else {
        values.push_back(scalar_text(value, name));
    }
    if (values.empty()) throw_bad_input(fmt::format("\"{}\" is empty: the job would never end", name));
    if (std::find(values.begin(), values.end(), "") != values.end())
        throw_bad_input(fmt::format("\"{}\" has an empty text, which ends no job", name));
    return values;
}

Fields read_fields(ondemand::object object) {
    constexpr std::array<std::string_view, 11> names{"next",      "cursor", "into",  "more", "items",  "step",
                                                     "max_pages", "poll",   "until", "at",   "every_s"};
    Fields fields;
    for (ondemand::field field : object) {
        const std::string name(std::string_view(field.unescaped_key()));
        ondemand::value value = field.value();
        if (name == "next") {
            fields.next = json::read_name(value, name);
        } else if (name == "cursor") {
            fields.cursor = json::read_name(value, name);
        } else if (name == "into") {
            fields.into = json::read_name(value, name);
        } else if (name == "more") {
            fields.more = json::read_name(value, name);
        } else if (name == "items") {
            fields.items = json::read_text(value, name);
        } else if (name == "step") {
            fields.step = json::read_whole_number(value, name, 1, std::numeric_limits<int>::max());
        } else if (name == "max_pages") {
            fields.max_pages = json::read_whole_number(value, name, 1, std::numeric_limits<int>::max());
        } else if (name == "poll") {
            fields.poll = json::read_name(value, name);
        } else if (name == "until") {
            fields.until = read_values(value, name);
        } else if (name == "at") {
            fields.at = json::read_name(value, name);
        } else if (name == "every_s") {
            fields.every = json::read_seconds(value, name);
        } else {
            throw_bad_input(json::unknown_field(name, names));
        }
    }
    return fields;
}

/// Takes `name=` off the front.
bool take_name(std::string_view& text, std::string_view name) {
    if (!text.starts_with(name) || text.substr(name.size(), 1) != "=") return false;
    text.remove_prefix(name.size() + 1);
    return true;
}

/// The number of a flag's field.
int number_of(std::string_view name, std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 1)
        throw_bad_input(fmt::format("{} is a whole number, at least 1, not '{}'", name, printable(text)));
    return number;
}

/// Takes fields such as `,cursor=after` off the end of a flag, and returns what is in front of them. Pointers may have
/// commas.
std::string take_page_fields(std::string_view text, Fields& fields) {
    constexpr std::array<std::string_view, 6> names{"cursor", "into", "more", "items", "step", "max_pages"};
    for (;;) {
        const std::size_t equal = text.rfind('=');
        const std::size_t comma = text.substr(0, equal).rfind(',');
        if (equal == std::string_view::npos || comma == std::string_view::npos) return std::string(text);
        const std::string_view name = text.substr(comma + 1, equal - comma - 1), value = text.substr(equal + 1);
        if (value.empty() && name != "items") throw_bad_input(fmt::format("nothing stands behind {}=", name));
        if (name == "cursor") {
            fields.cursor = value;
        } else if (name == "into") {
            fields.into = value;
        } else if (name == "more") {
            fields.more = value;
        } else if (name == "items") {
            fields.items = value;
        } else if (name == "step") {
            fields.step = number_of(name, value);
        } else if (name == "max_pages") {
            fields.max_pages = number_of(name, value);
        } else {
            throw_bad_input(json::unknown_field(name, names));
        }
        text = text.substr(0, comma);
    }
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t comma = text.find(',');
        parts.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

FollowRule FollowRule::parse(std::string_view json) {
    json::LoneValue value;
    if (!value.assign(json)) throw_bad_input("it is not JSON");
    ondemand::value rule = value.read();
    if (json::type_of(rule) != ondemand::json_type::object)
        throw_bad_input(R"(it must be an object such as {"next": "link"})");
    return rule_of(read_fields(rule.get_object()));
}

std::string FollowRule::text() const {
    std::string json = "{";
    const auto add = [&json](std::string_view name, std::string_view value) {
        json += json.size() == 1 ? "\"" : ",\"";
        json.append(name).append("\":");
        json::append_string(json, value);
    };
    if (const PageRule* const pages = this->pages()) {
        add("next", pages->counts ? by_count : pages->pointer.empty() ? by_link : pages->pointer);
        if (!pages->cursor.empty()) add("cursor", pages->cursor);
        if (!pages->into.empty()) add("into", pages->into);
        if (!pages->more.empty()) add("more", pages->more);
        if (pages->items) add("items", *pages->items);
        if (pages->step != 1) json += fmt::format(",\"step\":{}", pages->step);
        if (pages->most) json += fmt::format(",\"max_pages\":{}", *pages->most);
        return json + "}";
    }
    const PollRule& poll = *this->poll();
    add("poll", poll.pointer.empty() ? by_location : poll.pointer);
    for (const std::string& value : poll.until) {
        json += &value == poll.until.data() ? ",\"until\":[" : ",";
        json::append_string(json, value);
    }
    if (!poll.until.empty()) json += "]";
    if (!poll.at.empty()) add("at", poll.at);
    if (poll.every) json += fmt::format(",\"every_s\":{}", std::chrono::duration<double>(*poll.every).count());
    return json + "}";
}

FollowRule FollowRule::parse_flag(std::string_view text) {
    if (text.starts_with('{')) return parse(text);
    Fields fields;
    if (take_name(text, "next")) {
        fields.next = take_page_fields(text, fields);
    } else if (take_name(text, "poll")) {
        const std::size_t colon = text.rfind(':');
        if (text != by_location && colon != std::string_view::npos) {
            fields.until = split(text.substr(colon + 1));
            const bool has_gap = std::any_of(fields.until->begin(), fields.until->end(),
                                             [](const std::string& one) { return one.empty(); });
            if (has_gap) throw_bad_input("a value behind the ':' is empty");
            text = text.substr(0, colon);
        }
        fields.poll = text;
    } else {
        throw_bad_input(
            fmt::format("'{}' must be next=link, next=/POINTER, next=/POINTER,cursor=PARAMETER, "
                        "next=count,cursor=PARAMETER,items=/POINTER, poll=location, poll=/POINTER:VALUE,..., "
                        "or JSON as in a line's field follow",
                        printable(text)));
    }
    return rule_of(std::move(fields));
}

}  // namespace plait::batch
