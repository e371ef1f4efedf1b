#include "plait/mock/content/internal/target.hpp"

#include <charconv>

namespace plait::mock::internal {

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

std::string_view query_value(std::string_view target, std::string_view name) {
    auto separator = target.find('?');
    while (separator != std::string_view::npos) {
        target.remove_prefix(separator + 1);
        separator = target.find('&');
        const std::string_view parameter = target.substr(0, separator);
        const auto equals = parameter.find('=');
        if (equals != std::string_view::npos && parameter.substr(0, equals) == name)
            return parameter.substr(equals + 1);
    }
    return {};
}

std::string_view id_of(const http::ReceivedRequest& request) {
    const std::string_view target = request.target;
    if (const auto id = query_value(target, "id"); !id.empty()) return id;
    for (const char* header : {"X-Request-Id", "Idempotency-Key"}) {
        if (const auto id = request.headers.get(header); id && !id->empty()) return *id;
    }
    const std::string_view path = path_of(target);
    return path.substr(path.rfind('/') + 1);
}

std::string_view limit_key_of(const http::ReceivedRequest& request, std::string_view allowed_per) {
    if (allowed_per.empty()) return {};
    if (allowed_per != "path") return request.headers.get(allowed_per).value_or(std::string_view());
    std::string_view path = path_of(request.target);
    if (path.starts_with('/')) path.remove_prefix(1);
    return take_segment(path);
}

std::optional<std::string_view> after(std::string_view prefix, std::string_view path) {
    if (!path.starts_with(prefix)) return std::nullopt;
    return path.substr(prefix.size());
}

std::string_view take_segment(std::string_view& text) {
    const auto slash = text.find('/');
    const std::string_view segment = text.substr(0, slash);
    text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
    return segment;
}

std::optional<std::size_t> parse_number(std::string_view text, std::size_t least, std::size_t most) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
        return std::nullopt;
    return number;
}

}  // namespace plait::mock::internal
