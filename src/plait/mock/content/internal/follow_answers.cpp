#include "plait/mock/content/internal/follow_answers.hpp"

#include "plait/base/text/json_string.hpp"
#include "plait/mock/content/internal/content_answers.hpp"
#include "plait/mock/content/internal/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <string>

namespace plait::mock::internal {

namespace {

constexpr std::size_t most_pages = 1'000'000;
constexpr std::size_t items_per_page = 3;
constexpr std::size_t longest_job_ms = 24 * 60 * 60 * 1000;

/// The target with this page, and the rest of its query.
std::string target_of_page(std::string_view target, std::size_t page) {
    const std::string_view path = path_of(target);
    std::string next = fmt::format("{}?page={}", path, page);
    for (std::string_view rest = target.substr(path.size()); !rest.empty();) {
        rest.remove_prefix(1);
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(pair.size());
        if (!pair.starts_with("page=") && !pair.empty()) next.append("&").append(pair);
    }
    return next;
}

void add_text(std::string& json, std::string_view name, std::string_view text) {
    json.append(",\"").append(name).append("\":");
    append_json_string(json, text);
}

/// The number of the page that is asked for: in the query, or at `page` in a JSON body. Nothing: it is none.
std::optional<std::size_t> page_of(const http::ReceivedRequest& request) {
    std::string_view text = query_value(request.target, "page");
    if (text.empty()) {
        constexpr std::string_view name = "\"page\":";
        const std::size_t at = request.body.find(name);
        if (at == std::string_view::npos) return 1;
        text = std::string_view(request.body).substr(at + name.size());
        text.remove_prefix(std::min(text.find_first_not_of(" \""), text.size()));
        text = text.substr(0, text.find_first_not_of("0123456789"));
    }
    return parse_number(text, 1, most_pages);
}

/// A page beyond the last has no items.
std::string page_body(std::size_t page, std::size_t pages, std::string_view next) {
    std::string json = fmt::format(R"({{"page":{},"of":{},"more":{},"items":[)", page, pages, page < pages);
    for (std::size_t item = 1; item <= items_per_page && page <= pages; ++item)
        json += fmt::format("{}{}", item > 1 ? "," : "", (page - 1) * items_per_page + item);
    json += ']';
    if (next.empty()) return json + R"(,"next":null,"cursor":null})";
    add_text(json, "next", next);
    return json + fmt::format(R"(,"cursor":{}}})", page + 1);
}

}  // namespace

std::optional<Answer> page_answer(std::string_view arguments, const http::ReceivedRequest& request,
                                  std::string_view scheme, Answer usual) {
    const std::string_view flaw = take_segment(arguments);
    const auto pages = parse_number(query_value(request.target, "n"), 1, most_pages);
    const auto page = page_of(request);
    const bool is_counted = flaw == "counted";
    const bool is_known = flaw.empty() || is_counted || flaw == "loop" || flaw == "elsewhere" || flaw == "missing";
    if (!pages || !page || !is_known) return std::nullopt;
    if ((*page > *pages && !is_counted) || (flaw == "missing" && *page == *pages)) {
        usual.status = 404;
        usual.body = R"({"error":"there is no such page"})";
        return usual;
    }
    std::string next;
    if (*page < *pages && !is_counted) next = target_of_page(request.target, *page + 1);
    if (*page == *pages && flaw == "loop") next = target_of_page(request.target, 1);
    if (!next.empty() && flaw == "elsewhere") next = url_of(request, next, scheme, true);
    usual.body = page_body(*page, *pages, next);
    if (!next.empty()) usual.headers += fmt::format("Link: <{}>; rel=\"next\"\r\n", next);
    return usual;
}

std::optional<Answer> job_answer(std::string_view arguments, const http::ReceivedRequest& request, Answer usual,
                                 CalendarTime now) {
    const auto length = parse_number(take_segment(arguments), 0, longest_job_ms);
    const auto now_ms = static_cast<std::size_t>(now.time_since_epoch() / std::chrono::milliseconds(1));
    const bool is_first = arguments.empty();
    if (!length) return std::nullopt;
    const auto end = is_first ? now_ms + *length : parse_number(arguments, 0, std::numeric_limits<std::size_t>::max());
    if (!end) return std::nullopt;

    const std::string_view end_state = query_value(request.target, "end");
    const std::string_view retry_after = query_value(request.target, "retry_after");
    std::string place = fmt::format("/jobs/{}/{}", *length, *end);
    if (!end_state.empty()) place += fmt::format("?end={}", end_state);
    if (!retry_after.empty()) place += fmt::format("{}retry_after={}", end_state.empty() ? '?' : '&', retry_after);
    usual.body = fmt::format(R"({{"id":"{}")", *end);
    add_text(usual.body, "url", place);
    if (!is_first && now_ms >= *end) {
        add_text(usual.body, "status", end_state.empty() ? "succeeded" : end_state);
    } else {
        usual.status = 202;
        add_text(usual.body, "status", "running");
        if (is_first) usual.headers += fmt::format("Location: {}\r\n", place);
        if (!retry_after.empty()) usual.headers += fmt::format("Retry-After: {}\r\n", retry_after);
    }
    usual.body += '}';
    return usual;
}

}  // namespace plait::mock::internal
