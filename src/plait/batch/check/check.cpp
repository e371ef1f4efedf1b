#include "plait/batch/check/check.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/batch/call/page_trouble.hpp"
#include "plait/batch/requests/url_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace plait::batch {

namespace {

constexpr std::string_view other_methods = "others";

/// Why a call could never be sent; empty if it can.
std::string never_fits(const Call& call, const std::vector<policy::RateLimit>& limits) {
    for (const policy::RateLimit& limit : limits) {
        const double cost = call.rules.costs.get(limit.unit).value_or(0);
        if (cost <= limit.amount) continue;
        return fmt::format("line {}: costs {} {}, and the limit is {}: it could never be sent", call.line, cost,
                           limit.unit, to_string(limit));
    }
    return {};
}

Task<void> look_at_all(Source& source, Check& check) {
    while (const std::optional<SourceItem> item = co_await source.next()) check.look_at(*item);
}

/// The message without the line's number and without values in quotes, which differ from line to line.
std::string reason_of(std::string_view message) {
    if (message.starts_with("line ")) message.remove_prefix(std::min(message.find(": ") + 2, message.size()));
    const std::size_t begin = message.find(": '");
    const std::size_t end = message.rfind("' ");
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + 3)
        return std::string(message);
    return std::string(message.substr(0, begin)).append(message.substr(end + 1));
}

std::string request_text(const Call& call) {
    constexpr std::size_t longest_body = 2000;
    std::string text = fmt::format("{} {}\n", call.request.method(), call.request.url.text());
    for (const http::Header header : call.request.headers) text += fmt::format("{}: {}\n", header.name, header.value);
    if (call.request.body.empty()) return text;
    text.append("\n").append(call.request.body, 0, longest_body);
    if (call.request.body.size() > longest_body) text += "...";
    return text + "\n";
}

}  // namespace

CheckReport check_all(Source& source, ForecastOptions options, http::ProxySettings proxies, CheckedPages pages) {
    Check check(std::move(options), std::move(proxies), std::move(pages));
    run(look_at_all(source, check));
    return check.report();
}

bool CheckReport::has_warnings() const noexcept {
    const bool has_too_small = std::any_of(forecast.budgets.begin(), forecast.budgets.end(),
                                           [](const BudgetForecast& budget) { return budget.is_too_small(); });
    return calls_with_secrets > 0 || doubled_count > 0 || has_too_small;
}

Check::Check(ForecastOptions options, http::ProxySettings proxies, CheckedPages pages)
    : limits_(options.limits),
      forecaster_(std::move(options)),
      pages_(std::move(pages)),
      proxies_(std::move(proxies)) {}

void Check::look_at(const SourceItem& item) {
    if (const auto* call = std::get_if<Call>(&item)) return look_at(*call);
    const BadLine& line = std::get<BadLine>(item);
    is_new_id(line.custom_id, line.line);
    refuse(line.line, line.message);
}

void Check::look_at(const Call& call) {
    if (report_.first_request.empty()) report_.first_request = without_tokens(request_text(call));
    look_for_secrets(call);
    if (!is_new_id(call.custom_id, call.line)) return;
    if (const std::string why = never_fits(call, limits_); !why.empty()) return refuse(call.line, why);
    if (const std::string why = page_trouble(call, pages_.follow.get(), pages_.each_page); !why.empty())
        return refuse(call.line, fmt::format("line {}: {}", call.line, why));
    look_at_path(call);
    if (!proxies_.empty()) look_at_route(call.request.url);
    const std::string& method = call.request.method();
    const auto known = methods_.find(method);
    if (known != methods_.end()) {
        ++known->second;
    } else {
        ++methods_[methods_.size() < most_methods ? method : std::string(other_methods)];
    }
    if (!call.rules.safe_to_repeat) ++report_.unsafe_count;
    const std::string_view origin = call.request.url.origin();
    forecaster_.add(call.rules.group.empty() ? origin : call.rules.group.view(), call.rules.costs, origin);
}

void Check::refuse(std::uint64_t line, std::string_view message) {
    ++report_.bad_count;
    if (report_.bad.size() < most_kept) report_.bad.emplace_back(line, without_tokens(message));
    const std::string why = without_tokens(reason_of(message));
    const auto has_reason = [&](const CheckReport::Reason& known) { return known.reason == why; };
    auto reason = std::find_if(report_.reasons.begin(), report_.reasons.end(), has_reason);
    if (reason == report_.reasons.end()) {
        if (report_.reasons.size() == most_kept) return;
        reason = report_.reasons.emplace(report_.reasons.end(), why, line);
    }
    ++reason->lines;
}

bool Check::is_new_id(std::string_view id, std::uint64_t line) {
    const auto before = ids_.claim(id, line);
    if (!before) return true;
    ++report_.repeated_count;
    if (report_.repeated.size() < most_kept) report_.repeated.emplace_back(without_tokens(id), line, *before);
    return false;
}

void Check::look_for_secrets(const Call& call) {
    const std::vector<ClearTextSecret> found = find_clear_text_secrets(call.request);
    if (!found.empty()) ++report_.calls_with_secrets;
    for (const ClearTextSecret& secret : found) {
        auto place = std::find_if(report_.secrets.begin(), report_.secrets.end(),
                                  [&](const CheckReport::SecretPlace& known) { return known.secret == secret; });
        if (place == report_.secrets.end()) {
            if (report_.secrets.size() == most_kept) continue;
            place = report_.secrets.emplace(report_.secrets.end(), secret, call.line);
        }
        ++place->calls;
    }
}

void Check::look_at_path(const Call& call) {
    std::string_view path = call.request.url.target();
    path = path.substr(0, path.find('?'));
    const std::string_view part = doubled_part(path);
    if (part.empty()) return;
    ++report_.doubled_count;
    if (report_.doubled.size() < most_kept)
        report_.doubled.emplace_back(call.line, without_tokens(path), without_tokens(part));
}

void Check::look_at_route(const http::Url& url) {
    if (report_.routes.size() == most_kept || !origins_.emplace(url.origin()).second) return;
    report_.routes.emplace_back(std::string(url.origin()), proxies_.explain(url.is_https(), url.host(), url.port()));
}

CheckReport Check::report() const {
    CheckReport report = report_;
    report.calls = forecaster_.calls();
    report.methods.assign(methods_.begin(), methods_.end());
    std::stable_sort(report.methods.begin(), report.methods.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    report.groups = forecaster_.busiest_groups(most_kept);
    report.group_count = forecaster_.group_count();
    report.forecast = forecaster_.forecast();
    return report;
}

}  // namespace plait::batch
