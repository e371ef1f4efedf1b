#include "plait/http/connect/internal/proxy_login.hpp"

#include "plait/base/text/words.hpp"

#include <fmt/format.h>

namespace plait::http::internal {

std::string refusal_of_login(const Proxy& proxy, std::string_view challenge) {
    const std::string_view scheme = challenge.substr(0, challenge.find(' '));
    if (!scheme.empty() && !equal_ignoring_case(scheme, "Basic"))
        return fmt::format("it wants a login by {}, and plait knows Basic only", printable(scheme));
    if (proxy.credentials) return "it does not accept this user and password";
    return "it wants a login: give it a user and password, --proxy KIND://USER:PASSWORD@HOST:PORT";
}

std::string refusal_of_login(const Proxy& proxy, const Headers& headers) {
    for (const std::string_view challenge : headers.get_all("Proxy-Authenticate")) {
        if (equal_ignoring_case(challenge.substr(0, 5), "Basic")) return refusal_of_login(proxy, challenge);
    }
    return refusal_of_login(proxy, headers.get("Proxy-Authenticate").value_or(""));
}

}  // namespace plait::http::internal
