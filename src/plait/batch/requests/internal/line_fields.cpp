#include "plait/batch/requests/internal/line_fields.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/idempotency_key.hpp"
#include "plait/batch/requests/multipart_form.hpp"

#include <algorithm>

namespace plait::batch::internal {

namespace {

constexpr std::string_view key_header = "Idempotency-Key";

void set_key(http::Request& request, const LineFields& given, const RequestDefaults& defaults) {
    const bool is_by_default = given.key.empty() && defaults.automatic_keys && !http::is_repeatable(request);
    if (given.key.empty() && !is_by_default) return;
    const bool has_header = request.headers.contains(key_header) && !defaults.headers.contains(key_header);
    if (has_header) throw_bad_input("\"idempotency_key\" and a header Idempotency-Key are both given");
    const bool is_automatic = is_by_default || given.key == "auto";
    if (is_automatic && defaults.key_seed.empty()) throw_bad_input("this run has no seed for idempotency keys");
    request.headers.set(key_header, is_automatic ? automatic_key(defaults.key_seed, given.id) : std::string(given.key));
}

MultipartForm make_multipart(LineFields& given, const RequestDefaults& defaults) {
    // The boundary must not be foreseen by who wrote a file, or it could bring parts of its own.
    std::string boundary = automatic_key(defaults.key_seed + "multipart", given.id);
    boundary.erase(std::remove(boundary.begin(), boundary.end(), '-'), boundary.end());
    return make_form(std::move(given.multipart), boundary);
}

void set_body(http::Request& request, LineFields& given, const RequestDefaults& defaults) {
    std::string type(given.body_type);
    if (!given.multipart.empty()) {
        MultipartForm form = make_multipart(given, defaults);
        type = form.content_type();
        given.body_parts = form.finish();
    }
    if (!type.empty() && !request.headers.contains("content-type")) request.headers.add("Content-Type", type);
    if (given.body) request.body = std::move(*given.body);
    request.body_parts = std::move(given.body_parts);
}

std::string_view usual_method(const LineFields& given) {
    return given.body || given.body_parts || !given.multipart.empty() ? "POST" : "GET";
}

}  // namespace

Call make_call(LineFields& given, std::uint64_t line, const RequestDefaults& defaults) {
    if (!given.url) throw_bad_input("no \"url\"");
    for (const auto& [name, value] : given.params) given.url->add_query(name, value);
    if (given.id.empty()) given.id = automatic_id(line);
    if (given.method.empty()) given.method = usual_method(given);
    http::Request request(std::move(given.method), std::move(*given.url));
    request.headers = std::move(given.headers);
    set_key(request, given, defaults);
    set_body(request, given, defaults);
    request.timeout = given.timeout;
    Call call(std::move(given.id), line, std::move(request), std::move(given.metadata));
    const bool is_safe = given.safe_to_repeat.value_or(call.rules.safe_to_repeat || defaults.safe_to_repeat);
    if (given.rules) call.rules = std::move(*given.rules);
    call.rules.safe_to_repeat = is_safe;
    return call;
}

}  // namespace plait::batch::internal
