#include "plait/http/h1/internal/common_head.hpp"

#include "plait/base/error.hpp"
#include "plait/http/h1/internal/h1_request.hpp"
#include "plait/http/message/internal/request_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plait::http::internal {

namespace {

/// Beyond this, all are forgotten: a run over many origins makes few requests to each.
constexpr std::size_t most_origins = 1'000;

}  // namespace

CommonHead::CommonHead(const Url& url, const Headers& defaults, Decoding decoding) {
    const Request bare("GET", url);
    before_fields_ = " HTTP/1.1\r\n";
    append_field(before_fields_, "Host", authority_of(bare, defaults));
    try {
        each_field(bare, defaults, decoding, [this](std::string_view name, std::string_view value) {
            append_field(fields_, name, value);
            names_.emplace_back(name);
        });
    } catch (const Error&) {
        is_usable_ = false;  // unless a request has a field instead of the one that can't be sent
    }
    if (defaults.contains("Content-Length")) is_usable_ = false;  // it is checked with each body
}

std::optional<std::string> CommonHead::head_of(const Request& request) const {
    if (!is_usable_) return std::nullopt;
    for (const Header field : request.headers) {
        if (is_changed_by(field.name)) return std::nullopt;
    }
    std::string head;
    head.reserve(head_capacity);
    head.append(request.method()).append(" ").append(request.url.target()).append(before_fields_);
    for (const Header field : request.headers) {
        check_field(field, request);
        append_field(head, field.name, field.value);
    }
    head.append(fields_);
    if (needs_length(request)) append_field(head, "Content-Length", fmt::format_int(body_size(request)).c_str());
    head.append("\r\n");
    return head;
}

/// Whether a field of a request is sent instead of a common one, or has a say in one.
bool CommonHead::is_changed_by(std::string_view name) const noexcept {
    const auto is_name = [name](std::string_view other) { return equal_ignoring_case(name, other); };
    return is_name("Host") || is_name("Range") || is_name("Content-Length") ||
           std::any_of(names_.begin(), names_.end(), is_name);
}

std::string HeadWriter::head_of(const Request& request) {
    auto head = common_of(request.url).head_of(request);
    return head ? std::move(*head) : serialize_head(request, defaults_, decoding_);
}

const CommonHead& HeadWriter::common_of(const Url& url) {
    const std::string_view origin = url.origin();
    if (latest_ && latest_->first == origin) return latest_->second;
    auto known = origins_.find(origin);
    if (known == origins_.end()) {
        if (origins_.size() == most_origins) origins_.clear();
        known = origins_.emplace(origin, CommonHead(url, defaults_, decoding_)).first;
    }
    latest_ = &*known;
    return known->second;
}

}  // namespace plait::http::internal
