#include "settings.hpp"

#include "plait/http/proxy/proxy.hpp"
#include "plait/http/proxy/proxy_settings.hpp"
#include "plait/net/system_trust.hpp"

#include "options.hpp"
#include <chrono>
#include <cmath>
#include <cstdlib>

namespace plait::python {

namespace {

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
    settings.redirects.most = option<std::size_t>(options, "redirects").value_or(settings.redirects.most);
    settings.cookies = option<bool>(options, "cookies").value_or(true);
    settings.raise_for_status = option<bool>(options, "raise_for_status").value_or(false);
    settings.concurrency = option<std::size_t>(options, "concurrency").value_or(settings.concurrency);
    if (settings.concurrency == 0) throw_bad_input("concurrency must be at least 1: no call would ever be made");
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
