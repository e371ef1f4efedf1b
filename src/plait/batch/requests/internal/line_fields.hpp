#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/requests/internal/multipart_field.hpp"
#include "plait/batch/requests/request_defaults.hpp"
#include "plait/http/body/body_parts.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/url.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch::internal {

/// What the fields of a request line say, before they are a call. Views are of the line, or of constants.
struct LineFields {
    LineFields() {}

    std::string id;
    std::string method;
    std::optional<http::Url> url;
    std::vector<std::pair<std::string, std::string>> params;
    http::Headers headers;  ///< with those of the defaults that the line does not replace
    std::optional<std::string> body;
    std::shared_ptr<const http::BodyParts> body_parts;
    std::vector<MultipartPart> multipart;
    std::string_view body_type;  ///< the `Content-Type` that the body's field implies
    std::optional<Duration> timeout;
    std::string_view key;
    std::optional<bool> safe_to_repeat;
    std::optional<CallRules> rules;  ///< most lines have none
    std::string metadata;
};

/// Makes the call that the fields of a line describe, and moves what it needs out of them. What the line does not say,
/// the defaults do. Throws `Error(bad_input)` when the fields contradict each other; `given.id` and `given.metadata`
/// are still there then.
Call make_call(LineFields& given, std::uint64_t line, const RequestDefaults& defaults);

}  // namespace plait::batch::internal
