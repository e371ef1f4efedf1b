#include "plait/mock/content/internal/refusal_table.hpp"

#include "plait/mock/content/refusal.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace plait::mock {

namespace internal {

namespace {

constexpr std::string_view xml_type = "application/xml";

// Statuses come first: Refusal relies on it.
constexpr std::array<RefusalRow, 15> table{{
    {"<status>", "this status only", 429, R"({"error":"more requests than are allowed"})"},
    {"aws", "400 ThrottlingException", 400, R"({"__type":"ThrottlingException","message":"Rate exceeded"})"},
    {"s3", "503 SlowDown", 503,
     R"(<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>)",
     xml_type},
    {"anthropic", "529 overloaded_error", 529,
     R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"},
    {"discord", "429 with retry_after in the body", 429,
     R"({"message":"You are being rate limited.","retry_after":%fraction%,"global":false})"},
    {"dropbox", "429 with retry_after in a nested object of the body", 429,
     R"({"error_summary":"too_many_requests/.","error":{"reason":{".tag":"too_many_requests"},"retry_after":%seconds%}})"},
    {"github", "403 with a message", 403,
     R"({"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."})"},
    {"google", "403 rateLimitExceeded", 403,
     R"({"error":{"code":403,"message":"Rate Limit Exceeded","errors":[{"domain":"usageLimits","reason":"rateLimitExceeded","message":"Rate Limit Exceeded"}]}})"},
    {"google-cloud", "429 RESOURCE_EXHAUSTED with a retryDelay", 429,
     R"({"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"%fraction%s"}]}})"},
    {"salesforce", "403 REQUEST_LIMIT_EXCEEDED", 403,
     R"([{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}])"},
    {"shopify", "200 with errors THROTTLED and a throttleStatus", 200,
     R"({"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":1,"actualQueryCost":null,"throttleStatus":{"maximumAvailable":%limit%,"currentlyAvailable":%remaining%,"restoreRate":%per-second%}}}})"},
    {"openai", "429 rate_limit_exceeded", 429,
     R"({"error":{"message":"Rate limit reached. Please try again in %fraction%s.","type":"requests","param":null,"code":"rate_limit_exceeded"}})"},
    {"openai-quota", "429 insufficient_quota, which no wait lifts", 429,
     R"({"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})"},
    {"should-retry", "429 with x-should-retry: true", 429, R"({"error":"more requests than are allowed"})", json_type,
     "x-should-retry: true\r\n"},
    {"should-not-retry", "429 with x-should-retry: false", 429, R"({"error":"more requests than are allowed"})",
     json_type, "x-should-retry: false\r\n"},
}};

std::optional<std::uint16_t> parse_status(std::string_view text) {
    std::uint16_t status = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
    const bool is_status = error == std::errc() && end == text.data() + text.size() && status >= 200 && status <= 599;
    return is_status ? std::optional(status) : std::nullopt;
}

}  // namespace

}  // namespace internal

std::optional<Refusal> Refusal::named(std::string_view name) {
    Refusal refusal;
    const auto at = name.find('@');
    const auto status = internal::parse_status(at == std::string_view::npos ? name : name.substr(at + 1));
    if (status) refusal.status_ = *status;
    if (status && at == std::string_view::npos) return refusal;
    if (!status && at != std::string_view::npos) return std::nullopt;
    for (std::size_t row = 1; row < internal::table.size(); ++row) {
        if (internal::table[row].name != name.substr(0, at)) continue;
        refusal.row_ = static_cast<std::uint8_t>(row);
        if (!status) refusal.status_ = static_cast<std::uint16_t>(internal::table[row].status);
        return refusal;
    }
    return std::nullopt;
}

std::string Refusal::names() {
    std::string names = "statuses";
    for (std::size_t row = 1; row < internal::table.size(); ++row) {
        names.append(row + 1 == internal::table.size() ? " and " : ", ").append(internal::table[row].name);
    }
    return names;
}

const internal::RefusalRow& Refusal::row() const noexcept { return internal::table[row_]; }

std::vector<RefusalHelp> refusal_help() {
    std::vector<RefusalHelp> all;
    for (const internal::RefusalRow& row : internal::table) all.push_back({row.name, row.help});
    return all;
}

}  // namespace plait::mock
