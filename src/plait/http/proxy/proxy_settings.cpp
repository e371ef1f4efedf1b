#include "plait/http/proxy/proxy_settings.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::http {

namespace {

using Setting = ProxySettings::From<std::string>;

std::string in_capitals(std::string_view name) {
    std::string result(name);
    for (char& c : result) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return result;
}

std::optional<Setting> read(const Variables& variables, std::string_view name, bool reads_capitals = true) {
    if (auto value = variables(name)) return Setting{std::move(*value), std::string(name)};
    const std::string capitals = in_capitals(name);
    if (!reads_capitals) return std::nullopt;
    if (auto value = variables(capitals)) return Setting{std::move(*value), capitals};
    return std::nullopt;
}

std::optional<ProxySettings::From<Proxy>> parsed(const std::optional<Setting>& setting) {
    if (!setting || setting->value.empty()) return std::nullopt;
    try {
        return ProxySettings::From<Proxy>{Proxy(setting->value), setting->source};
    } catch (const Error& error) {
        throw_bad_input(fmt::format("{} of the environment: {}", setting->source, error.what()));
    }
}

}  // namespace

const Proxy* ProxySettings::find(bool is_https, std::string_view host, std::uint16_t port) const {
    const auto& proxy = is_https ? for_https : for_http;
    if (!proxy || no_proxy.value.match(host, port)) return nullptr;
    return &proxy->value;
}

std::string ProxySettings::explain(bool is_https, std::string_view host, std::uint16_t port) const {
    const auto& proxy = is_https ? for_https : for_http;
    if (!proxy) return fmt::format("direct: there is no proxy for {}", is_https ? "https" : "http");
    if (const auto entry = no_proxy.value.match(host, port))
        return fmt::format("direct: {} has {}", no_proxy.source, *entry);
    return fmt::format("through {} ({})", proxy->value.to_string(), proxy->source);
}

ProxySettings proxies_from(const Variables& variables) {
    ProxySettings settings;
    const bool is_cgi = variables("REQUEST_METHOD").has_value();
    const auto all = read(variables, "all_proxy");
    auto http = read(variables, "http_proxy", !is_cgi);
    auto https = read(variables, "https_proxy");
    settings.for_http = parsed(http ? http : all);
    settings.for_https = parsed(https ? https : all);
    if (const auto list = read(variables, "no_proxy")) settings.no_proxy = {NoProxy(list->value), list->source};
    return settings;
}

}  // namespace plait::http
