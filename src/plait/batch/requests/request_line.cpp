#include "plait/batch/requests/request_line.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/requests/internal/line_parser.hpp"
#include "plait/batch/requests/line_kind.hpp"
#include "plait/batch/requests/vendor_line.hpp"
#include "plait/http/message/url.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace plait::batch {

namespace {

/// What every request of this vendor needs.
RequestDefaults with_vendor(RequestDefaults defaults) {
    const BatchFormatEntry* const entry = find_batch_format(defaults.format);
    if (!entry) return defaults;
    if (defaults.base_url.empty()) defaults.base_url = entry->base_url;
    constexpr std::string_view version = "anthropic-version";
    if (defaults.format == BatchFormat::anthropic && !defaults.headers.contains(version))
        defaults.headers.add(version, "2023-06-01");
    return defaults;
}

/// OpenAI's files have POSTs to paths of one API. Who writes one must not choose another server for the key.
void check_vendor_request(const http::Request& request, const std::string& base_url) {
    if (request.method() != "POST") throw_bad_input("\"method\" must be POST");
    const http::Url base(base_url);
    if (request.url.origin() == base.origin()) return;
    throw_bad_input(
        fmt::format("\"url\" is on {}, and requests of this format go to {}: give a path, or another --base-url",
                    request.url.origin(), base.origin()));
}

}  // namespace

RequestReader::RequestReader(RequestDefaults defaults)
    : defaults_(with_vendor(std::move(defaults))), tools_(std::make_unique<internal::LineTools>(defaults_)) {}

RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

SourceItem RequestReader::read_url(std::string_view url, std::uint64_t line) {
    try {
        http::Request request("GET", whole_url(url, line, defaults_));
        request.headers = defaults_.headers;
        return Call(automatic_id(line), line, std::move(request));
    } catch (const Error& error) {
        const bool looks_like_csv = is_like_csv(url);
        const char* const hint = url.starts_with("curl ") ? " (plait convert makes requests of curl commands)"
                                 : looks_like_csv         ? " (rows of CSV become requests with --url TEMPLATE)"
                                                          : "";
        return BadLine(automatic_id(line), line, fmt::format("line {}: {}{}", line, error.what(), hint));
    }
}

SourceItem RequestReader::read_json(std::string_view text, std::uint64_t line) {
    if (tools_->vendor) return read_vendor_line(text, line);
    return internal::parse_line(defaults_, *tools_, text, line);
}

void RequestReader::check_first(std::string_view text, std::string_view name) {
    if (tools_->vendor) return tools_->vendor->check_first(text, name);
    if (defaults_.refuses_other_kinds) refuse_other_kind(text, name, !defaults_.base_url.empty());
}

SourceItem RequestReader::read_vendor_line(std::string_view text, std::uint64_t line) {
    VendorLineReader& vendor = *tools_->vendor;
    try {
        SourceItem item = internal::parse_line(defaults_, *tools_, vendor.translate(text), line);
        const Call* const call = std::get_if<Call>(&item);
        if (call && defaults_.format == BatchFormat::openai) check_vendor_request(call->request, defaults_.base_url);
        return item;
    } catch (const Error& error) {
        const std::string& id = vendor.id();
        return BadLine(id.empty() ? automatic_id(line) : id, line, fmt::format("line {}: {}", line, error.what()));
    }
}

}  // namespace plait::batch
