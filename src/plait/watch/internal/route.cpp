#include "plait/watch/internal/route.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace plait::watch::internal {

namespace {

constexpr int permanent_redirect = 308;
constexpr int forbidden = 403;
constexpr int not_found = 404;
constexpr int method_not_allowed = 405;

/// The time that it takes does not tell how much of `given` is right.
bool is_token(std::string_view given, std::string_view token) noexcept {
    if (given.size() != token.size()) return false;
    unsigned difference = 0;
    for (std::size_t n = 0; n < token.size(); ++n)
        difference |=
            static_cast<unsigned>(static_cast<unsigned char>(given[n]) ^ static_cast<unsigned char>(token[n]));
    return difference == 0;
}

bool is_port(std::string_view text) noexcept {
    return text.empty() || (text.front() == ':' && text.size() <= 6 &&
                            std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

bool names_this_machine(std::string_view host) noexcept {
    constexpr std::array<std::string_view, 3> names{"127.0.0.1", "localhost", "[::1]"};
    return std::any_of(names.begin(), names.end(), [host](std::string_view name) {
        return host.size() >= name.size() && http::equal_ignoring_case(host.substr(0, name.size()), name) &&
               is_port(host.substr(name.size()));
    });
}

/// Whether the browser says that the request comes from a page other than this one.
bool is_foreign(const http::ReceivedRequest& request, std::string_view host) {
    const auto origin = request.headers.get("Origin");
    const auto site = request.headers.get("Sec-Fetch-Site");
    return (origin && !http::equal_ignoring_case(*origin, "http://" + std::string(host))) ||
           (site && *site != "same-origin");
}

struct Place {
    std::string_view path;
    std::string_view methods;
    Action action;
};
constexpr std::string_view reading = "GET, HEAD";
constexpr std::array<Place, 5> places{{{"", reading, Action::page},
                                       {"events", reading, Action::events},
                                       {"pause", "POST", Action::pause},
                                       {"resume", "POST", Action::resume},
                                       {"stop", "POST", Action::stop}}};

bool takes(const Place& place, std::string_view method) noexcept {
    if (place.methods == reading) return method == "GET" || method == "HEAD";
    return method == place.methods;
}

Route route_behind_token(const http::ReceivedRequest& request, std::string_view rest, std::string_view host) {
    const auto place =
        std::find_if(places.begin(), places.end(), [rest](const Place& one) { return one.path == rest; });
    if (place == places.end()) return {Action::none, not_found, true};
    if (!takes(*place, request.method)) return {Action::none, method_not_allowed, true, place->methods};
    if (place->methods == "POST" && is_foreign(request, host)) return {Action::none, forbidden, true};
    return {place->action, 200, true};
}

}  // namespace

Route route_of(const http::ReceivedRequest& request, std::string_view token) {
    const auto hosts = request.headers.get_all("Host");
    if (hosts.size() != 1 || !names_this_machine(hosts.front())) return {Action::none, forbidden};
    std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
    if (!path.starts_with('/')) return {Action::none, not_found};
    path.remove_prefix(1);
    const auto slash = path.find('/');
    if (!is_token(path.substr(0, slash), token)) return {Action::none, not_found};
    if (slash != std::string_view::npos) return route_behind_token(request, path.substr(slash + 1), hosts.front());
    const Route page = route_behind_token(request, "", hosts.front());
    return page.action == Action::none ? page : Route{Action::none, permanent_redirect, true};
}

}  // namespace plait::watch::internal
