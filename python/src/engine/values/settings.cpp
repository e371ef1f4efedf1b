#include "values/settings.hpp"

#include "plait/batch/method/methods.hpp"
#include "plait/http/proxy/proxy.hpp"
#include "plait/http/proxy/proxy_settings.hpp"
#include "plait/net/system_trust.hpp"
#include "plait/policy/pace/rate_limit.hpp"

#include "hooks/hooks.hpp"
#include "values/options.hpp"
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace plait::python {

namespace {

using Texts = std::vector<std::string>;
using Amounts = std::vector<std::pair<std::string, double>>;

http::ProxySettings proxies_of(const nb::dict& options) {
    const auto given = option<std::string>(options, "proxy");
    if (given && given->empty()) return {};  // none, whatever the environment says
    http::ProxySettings settings = http::proxies_from([&](std::string_view name) -> std::optional<std::string> {
        const bool is_list_of_exceptions = http::lower(name) == "no_proxy";
        if (given && !is_list_of_exceptions) return std::nullopt;
        const char* const value = std::getenv(std::string(name).c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
    });
    if (given) {
        const http::Proxy proxy(*given);
        settings.for_http = {proxy, "proxy"};
        settings.for_https = {proxy, "proxy"};
    }
    return settings;
}

http::HttpChoice version_of(const nb::dict& options) {
    const auto given = option<std::string>(options, "http_version");
    if (!given) return http::HttpChoice::automatic;
    if (*given == "1.1") return http::HttpChoice::http_1_1;
    if (*given == "2") return http::HttpChoice::http_2;
    throw_bad_input("http_version is '1.1' or '2', not '" + *given + "'");
}

}  // namespace

policy::RetryOptions retry_from(const nb::dict& options) {
    policy::RetryOptions retry;
    if (const auto attempts = option<int>(options, "attempts")) {
        if (*attempts < 1) throw_bad_input("retries: a call needs at least 1 attempt");
        retry.max_attempts = *attempts;
        retry.max_attempts_while_helpful = *attempts;
    }
    if (const auto delay = duration_from(option<double>(options, "first_delay"))) retry.first_delay = *delay;
    if (const auto delay = duration_from(option<double>(options, "longest_delay"))) retry.longest_delay = *delay;
    if (const auto wait = duration_from(option<double>(options, "longest_wait"))) retry.max_wait = *wait;
    return retry;
}

policy::RetryBudgetOptions retry_budget_from(const nb::dict& options) {
    policy::RetryBudgetOptions budget;
    if (!options.contains("budget")) return budget;
    const auto share = option<double>(options, "budget");
    if (!share) return policy::RetryBudgetOptions::unlimited();
    budget.share = *share;
    return budget;
}

namespace {

/// Nothing where neither retries, limits nor a trace are wanted.
std::optional<PolicySettings> policies_from(const nb::dict& options, std::size_t most_in_flight) {
    const auto retries = option<nb::dict>(options, "session_retries");
    const auto limits = option<nb::dict>(options, "session_limits");
    const auto trace = option<std::string>(options, "session_trace");
    if (!retries && !limits && !trace) return std::nullopt;
    PolicySettings policies;
    policies.trace = trace.value_or("");
    policies.concurrency = most_in_flight;
    if (retries) {
        policies.repeats = true;
        policies.retry = retry_from(*retries);
        policies.retry_budget = retry_budget_from(*retries);
        policies.is_any_safe_to_repeat = option<bool>(*retries, "unsafe").value_or(false);
        policies.retry_statuses = option<std::vector<int>>(*retries, "statuses").value_or(std::vector<int>());
    }
    if (limits) {
        policies.is_limited = true;
        for (const std::string& text : option<Texts>(*limits, "rates").value_or(Texts()))
            policies.limits.push_back(policy::parse_rate_limit(text));
        policies.per_origin = option<std::size_t>(*limits, "per_origin");
        policies.is_adaptive = option<bool>(*limits, "is_adaptive").value_or(false);
        const auto usual =
            policies.is_adaptive ? batch::max_adaptive_concurrency(batch::methods.front()) : most_in_flight;
        policies.concurrency = option<std::size_t>(*limits, "concurrency").value_or(usual);
    }
    return policies;
}

}  // namespace

std::unique_ptr<CallPolicy> policy_from(const nb::object& policy) {
    if (policy.is_none()) return nullptr;
    const auto options = nb::cast<nb::dict>(policy);
    auto made = std::make_unique<CallPolicy>();
    if (auto context = option<nb::object>(options, "context")) made->context = shared(std::move(*context));
    made->raise_for_status = option<bool>(options, "raise_for_status");
    made->has_rules = nb::len(options) > std::size_t{made->context != nullptr} + made->raise_for_status.has_value();
    made->attempts = option<int>(options, "attempts");
    made->safe_to_repeat = option<bool>(options, "safe_to_repeat");
    made->group = option<std::string>(options, "group").value_or("");
    made->priority = option<int>(options, "priority").value_or(0);
    for (const auto& [unit, amount] : option<Amounts>(options, "costs").value_or(Amounts()))
        made->costs.set(unit, amount);
    return made;
}

std::optional<Duration> duration_from(std::optional<double> seconds) {
    if (!seconds) return std::nullopt;
    if (!(*seconds > 0)) throw_bad_input("a time limit must be above 0 seconds");
    constexpr double year = 365.0 * 24 * 3600;
    const std::chrono::duration<double> limit(std::min(*seconds, year));
    return std::chrono::duration_cast<Duration>(limit);
}

void register_settings(nb::module_& module) {
    module.def("system_has_trusted_certificates", &net::system_has_trusted_certificates);
}

Settings settings_from(const nb::dict& options) {
    Settings settings;
    http::SessionOptions& session = settings.session;
    if (const auto base = option<std::string>(options, "base_url")) settings.base_url.emplace(*base);
    if (const auto headers = option<Fields>(options, "headers")) {
        for (const auto& [name, value] : *headers) session.headers.add(name, value);
    }
    if (const auto limit = duration_from(option<double>(options, "attempt"))) session.timeouts.attempt = *limit;
    session.timeouts.connect = duration_from(option<double>(options, "connect"));
    session.timeouts.idle = duration_from(option<double>(options, "idle"));
    settings.deadline = duration_from(option<double>(options, "deadline"));
    session.tls.verify = option<bool>(options, "verify").value_or(true);
    session.tls.ca_file = option<std::string>(options, "ca_file").value_or("");
    session.tls.certificate_file = option<std::string>(options, "certificate_file").value_or("");
    session.tls.key_file = option<std::string>(options, "key_file").value_or("");
    session.http = version_of(options);
    session.routes.proxies = proxies_of(options);
    session.pool.max_idle = option<std::size_t>(options, "idle_connections").value_or(session.pool.max_idle);
    session.limits.body_bytes = option<std::size_t>(options, "max_body").value_or(session.limits.body_bytes);
    settings.redirects.most = option<std::size_t>(options, "redirects").value_or(settings.redirects.most);
    settings.cookies = option<bool>(options, "cookies").value_or(true);
    settings.raise_for_status = option<bool>(options, "raise_for_status").value_or(false);
    settings.concurrency = option<std::size_t>(options, "concurrency").value_or(settings.concurrency);
    if (settings.concurrency == 0) throw_bad_input("concurrency must be at least 1: no call would ever be made");
    settings.most_by_policy = option<std::size_t>(options, "most_in_flight").value_or(settings.most_by_policy);
    settings.policies = policies_from(options, settings.most_by_policy);
    http::Session::check_files(session);
    return settings;
}

http::Request request_from(const Settings& settings, std::string method, std::string_view url,
                           const std::optional<Fields>& headers, std::optional<nb::bytes> body,
                           std::optional<double> attempt) {
    http::Request request(std::move(method), settings.base_url ? settings.base_url->resolve(url) : http::Url(url));
    if (headers) {
        for (const auto& [name, value] : *headers) request.headers.add(name, value);
    }
    if (body) request.body.assign(body->c_str(), body->size());
    request.timeout = duration_from(attempt);
    return request;
}

}  // namespace plait::python
