#include "plait/batch/output/internal/vendor_results.hpp"

#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <utility>

namespace plait::batch::internal {

namespace {

namespace ondemand = simdjson::ondemand;

/// What the error object of an answer says, in the words of either vendor.
class SaidError {
  public:
    bool is_object = false;  ///< the body is an object
    std::string kind;        ///< its `type`, such as `message` or `error`
    std::string type;        ///< of the `error` in it, such as `overloaded_error`
    std::string status;      ///< of the `error` in it, such as `INVALID_ARGUMENT`
    std::string message;     ///< of the `error` in it
};

std::string text_at(ondemand::document& document, std::string_view pointer) {
    std::string_view text;
    if (document.at_pointer(pointer).get_string().get(text)) return {};
    return std::string(text);
}

SaidError read(std::optional<std::string_view> body) {
    SaidError said;
    if (!body) return said;
    ondemand::parser parser;
    json::PaddedText padded;
    ondemand::document document;
    ondemand::json_type type{};
    const simdjson::padded_string_view text = padded.assign({*body});
    if (parser.iterate(text).get(document) || document.type().get(type)) return said;
    said.is_object = type == ondemand::json_type::object;
    if (!said.is_object) return said;
    said.kind = text_at(document, "/type");
    said.type = text_at(document, "/error/type");
    said.status = text_at(document, "/error/status");
    said.message = text_at(document, "/error/message");
    return said;
}

/// Why there is no answer that the vendor's class can hold.
std::string message_of(const CallEnd& end, const SaidError& said, std::string_view expected) {
    if (end.error) return end.error->message;
    if (!said.message.empty()) return said.message;
    if (end.outcome == Outcome::ok) return fmt::format("the body of the answer is not {}", expected);
    return fmt::format("the server answered {}", end.response ? end.response->status : 0);
}

/// The error types that Anthropic's classes know.
constexpr std::array<std::string_view, 9> anthropic_types{
    "invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error",
    "rate_limit_error",      "timeout_error",        "api_error",     "overloaded_error"};

bool is_anthropic_type(std::string_view type) {
    return std::find(anthropic_types.begin(), anthropic_types.end(), type) != anthropic_types.end();
}

std::string_view anthropic_type_of(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 402:
            return "billing_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 408:
        case 504:
            return "timeout_error";
        case 429:
            return "rate_limit_error";
        case 503:
        case 529:
            return "overloaded_error";
        default:
            return status >= 400 && status <= 499 ? "invalid_request_error" : "api_error";
    }
}

std::string_view anthropic_type_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_input:
            return "invalid_request_error";
        case ErrorCode::timeout:
            return "timeout_error";
        case ErrorCode::rate_limited:
            return "rate_limit_error";
        default:
            return "api_error";
    }
}

bool has_code(const CallEnd& end, ErrorCode code) { return end.error && end.error->code == code; }

// The numbers of google.rpc.Code.
constexpr int rpc_cancelled = 1, rpc_unknown = 2, rpc_invalid = 3, rpc_deadline = 4, rpc_not_found = 5, rpc_denied = 7,
              rpc_exhausted = 8, rpc_precondition = 9, rpc_aborted = 10, rpc_unimplemented = 12, rpc_internal = 13,
              rpc_unavailable = 14, rpc_unauthenticated = 16;

constexpr std::array<std::pair<std::string_view, int>, 16> rpc_names{{{"CANCELLED", rpc_cancelled},
                                                                      {"UNKNOWN", rpc_unknown},
                                                                      {"INVALID_ARGUMENT", rpc_invalid},
                                                                      {"DEADLINE_EXCEEDED", rpc_deadline},
                                                                      {"NOT_FOUND", rpc_not_found},
                                                                      {"ALREADY_EXISTS", 6},
                                                                      {"PERMISSION_DENIED", rpc_denied},
                                                                      {"RESOURCE_EXHAUSTED", rpc_exhausted},
                                                                      {"FAILED_PRECONDITION", rpc_precondition},
                                                                      {"ABORTED", rpc_aborted},
                                                                      {"OUT_OF_RANGE", 11},
                                                                      {"UNIMPLEMENTED", rpc_unimplemented},
                                                                      {"INTERNAL", rpc_internal},
                                                                      {"UNAVAILABLE", rpc_unavailable},
                                                                      {"DATA_LOSS", 15},
                                                                      {"UNAUTHENTICATED", rpc_unauthenticated}}};

/// The mapping of google/rpc/code.proto, the other way round.
int rpc_code_of(int status) {
    switch (status) {
        case 400:
            return rpc_invalid;
        case 401:
            return rpc_unauthenticated;
        case 403:
            return rpc_denied;
        case 404:
            return rpc_not_found;
        case 409:
            return rpc_aborted;
        case 429:
            return rpc_exhausted;
        case 499:
            return rpc_cancelled;
        case 501:
            return rpc_unimplemented;
        case 503:
            return rpc_unavailable;
        case 504:
            return rpc_deadline;
        default:
            break;
    }
    if (status >= 400 && status <= 499) return rpc_precondition;
    return status >= 500 && status <= 599 ? rpc_internal : rpc_unknown;
}

int rpc_code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_input:
            return rpc_invalid;
        case ErrorCode::timeout:
        case ErrorCode::deadline:
            return rpc_deadline;
        case ErrorCode::rate_limited:
        case ErrorCode::budget:
            return rpc_exhausted;
        default:
            return rpc_unavailable;
    }
}

int rpc_code_of(const CallEnd& end, const SaidError& said) {
    if (end.outcome == Outcome::skipped) return rpc_cancelled;
    if (!end.response) return end.error ? rpc_code_of(end.error->code) : rpc_unknown;
    for (const auto& [name, code] : rpc_names) {
        if (name == said.status) return code;
    }
    return rpc_code_of(end.response->status);
}

}  // namespace

bool append_anthropic_result(std::string& out, const CallEnd& end, std::optional<std::string_view> json) {
    if (end.outcome == Outcome::skipped) {
        out += R"({"type":"canceled"})";
        return false;
    }
    if (!end.response && has_code(end, ErrorCode::deadline)) {
        out += R"({"type":"expired"})";
        return false;
    }
    const SaidError said = read(json);
    if (end.outcome == Outcome::ok && said.kind == "message") {
        out.append(R"({"type":"succeeded","message":)").append(*json).append("}");
        return true;
    }
    out += R"({"type":"errored","error":)";
    if (!end.error && said.kind == "error" && is_anthropic_type(said.type) && !said.message.empty()) {
        out.append(*json).append("}");
        return true;
    }
    const std::string_view type = end.error && !end.response   ? anthropic_type_of(end.error->code)
                                  : end.outcome == Outcome::ok ? "api_error"
                                  : is_anthropic_type(said.type)
                                      ? std::string_view(said.type)
                                      : anthropic_type_of(end.response ? end.response->status : 0);
    out.append(R"({"type":"error","error":{"type":")").append(type).append(R"(","message":)");
    json::append_string(out, message_of(end, said, "a message in JSON"));
    out += "}}}";
    return false;
}

bool append_gemini_result(std::string& out, const CallEnd& end, std::optional<std::string_view> json) {
    const SaidError said = read(json);
    if (end.outcome == Outcome::ok && said.is_object) {
        out.append(R"("response":)").append(*json);
        return true;
    }
    const int code = end.outcome == Outcome::ok ? rpc_internal : rpc_code_of(end, said);
    out.append(R"("error":{"code":)").append(fmt::to_string(code)).append(R"(,"message":)");
    json::append_string(out, message_of(end, said, "an object in JSON"));
    out += '}';
    return false;
}

}  // namespace plait::batch::internal
