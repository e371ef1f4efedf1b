#include "plait/http/message/response.hpp"

#include <algorithm>
#include <array>

namespace plait::http {

namespace {

/// The media type, without parameters.
std::string_view media_type(const Response& response) noexcept {
    const std::string_view value = response.headers.get("Content-Type").value_or("");
    const std::string_view type = value.substr(0, value.find(';'));
    return type.substr(0, type.find_last_not_of(" \t") + 1);
}

}  // namespace

std::string_view to_string(HttpVersion version) noexcept { return version == HttpVersion::http_2 ? "2" : "1.1"; }

bool is_event_stream(const Response& response) noexcept {
    return equal_ignoring_case(media_type(response), "text/event-stream");
}

bool is_stream(const Response& response) noexcept {
    constexpr std::array<std::string_view, 5> types{"text/event-stream", "application/x-ndjson", "application/ndjson",
                                                    "application/jsonl", "application/json-seq"};
    const std::string_view type = media_type(response);
    return std::any_of(types.begin(), types.end(),
                       [type](std::string_view stream) { return equal_ignoring_case(type, stream); });
}

}  // namespace plait::http
