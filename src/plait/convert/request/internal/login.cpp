#include "plait/convert/request/internal/login.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/http/message/headers.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace plait::convert::internal {

namespace {

using Values = std::function<std::string(std::string_view name)>;

void add_key(Request& request, const Values& value_of) {
    const std::string place = http::lower(value_of("in") + value_of("addTo") + value_of("placement"));
    request.secrets.push_back(value_of("value"));
    if (place.find("query") == std::string::npos) return request.set_header(value_of("key"), value_of("value"));
    append_query(request, percent_encoded(value_of("key")) + "=" + percent_encoded(value_of("value")));
}

void add_token(Request& request, std::string prefix, const std::string& token, std::string_view type) {
    if (token.empty()) throw_bad_input(fmt::format("its login ({}) has no token", type));
    if (prefix.empty()) prefix = "Bearer";
    request.set_header("Authorization", prefix + " " + token);
}

}  // namespace

void add_login(Request& request, std::string_view type, const Values& value_of) {
    if (type.empty() || type == "noauth" || type == "none") return;
    if (type == "basic") {
        std::string encoded;
        append_base64(encoded, value_of("username") + ":" + value_of("password"));
        request.set_header("Authorization", "Basic " + encoded);
    } else if (type == "bearer") {
        add_token(request, value_of("prefix"), value_of("token"), type);
    } else if (type == "oauth2" && !value_of("accessToken").empty()) {
        add_token(request, value_of("headerPrefix"), value_of("accessToken"), type);
    } else if (type == "apikey") {
        add_key(request, value_of);
    } else {
        throw_bad_input(fmt::format("its login is {}, which is computed or asked for anew", printable(type)));
    }
}

std::string media_type_of(std::string_view file) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 16> types{{{".txt", "text/plain"},
                                                                                   {".json", "application/json"},
                                                                                   {".xml", "application/xml"},
                                                                                   {".csv", "text/csv"},
                                                                                   {".html", "text/html"},
                                                                                   {".htm", "text/html"},
                                                                                   {".css", "text/css"},
                                                                                   {".md", "text/markdown"},
                                                                                   {".pdf", "application/pdf"},
                                                                                   {".zip", "application/zip"},
                                                                                   {".gz", "application/gzip"},
                                                                                   {".png", "image/png"},
                                                                                   {".jpg", "image/jpeg"},
                                                                                   {".jpeg", "image/jpeg"},
                                                                                   {".gif", "image/gif"},
                                                                                   {".svg", "image/svg+xml"}}};
    for (const auto& [ending, type] : types) {
        if (file.size() >= ending.size() && http::equal_ignoring_case(file.substr(file.size() - ending.size()), ending))
            return std::string(type);
    }
    return {};
}

void append_query(Request& request, std::string_view text) {
    request.url += request.url.find('?') == std::string::npos ? '?' : '&';
    request.url += text;
}

}  // namespace plait::convert::internal
