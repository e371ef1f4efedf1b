#include "plait/batch/internal/run_settings.hpp"

#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/resume/row_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace plait::batch::internal {

namespace {

std::string joined(const auto& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
}

std::string_view name_of(BodyFormat format) {
    return std::find_if(body_formats.begin(), body_formats.end(),
                        [format](const auto& named) { return named.second == format; })
        ->first;
}

}  // namespace

Settings settings_that_matter(const RunOptions& options) {
    const RequestDefaults& requests = options.requests;
    std::set<std::string_view> headers;
    for (const http::Header header : requests.headers) headers.emplace(header.name);
    Settings settings{{"--base-url", requests.base_url},
                      {"--header", joined(headers)},
                      {"--body", std::string(name_of(options.result_format.body))}};
    if (const auto* const format = find_batch_format(requests.format))
        settings.emplace_back("--format", std::string(format->name));
    if (!requests.model.empty()) settings.emplace_back("--model", requests.model);
    if (!requests.endpoint.empty()) settings.emplace_back("--endpoint", requests.endpoint);
    if (const auto* const format = find_batch_format(options.result_format.batch))
        settings.emplace_back("--result-format", std::string(format->name));
    if (requests.rows.are_given()) add_row_settings(requests.rows, settings);
    if (!requests.permitted_secrets.empty()) {
        std::set<std::string_view> names;
        for (const auto& [name, value] : requests.permitted_secrets) names.insert(name);
        settings.emplace_back("--secret", joined(names));
    }
    if (options.result_format.strict_json) settings.emplace_back("--strict-json", "on");
    if (!options.session.until_event.empty()) settings.emplace_back("--until-event", options.session.until_event);
    if (!options.session.decode) settings.emplace_back("--no-decode", "on");
    if (options.save_bodies) settings.emplace_back("--save-bodies", options.save_bodies->path);
    const http::RedirectOptions& redirects = options.redirects;
    if (redirects.most != http::RedirectOptions().most)
        settings.emplace_back("--max-redirects", fmt::to_string(redirects.most));
    if (options.cookies || !options.cookie_jar.empty()) settings.emplace_back("--cookies", "on");
    if (redirects.to_http) settings.emplace_back("--redirect-to-http", "on");
    if (const auto& credentials = options.session.credentials; credentials && !credentials->origins_text().empty())
        settings.emplace_back("--user", credentials->origins_text());
    if (options.follow) settings.emplace_back("--follow", options.follow->text());
    if (options.max_pages) settings.emplace_back("--max-pages", fmt::to_string(*options.max_pages));
    if (options.result_format.each_page) settings.emplace_back("--each-page", "on");
    // Requests that were sent without a key must not be sent again with one.
    if (requests.automatic_keys) settings.emplace_back("--idempotency-key", "auto");
    return settings;
}

}  // namespace plait::batch::internal
