#include "plait/batch/requests/request_defaults.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/requests/url_paths.hpp"

namespace plait::batch {

namespace {

bool has_scheme(std::string_view url) {
    const auto colon = url.find("://");
    return colon != std::string_view::npos && url.find_first_of("/?#") > colon;
}

}  // namespace

http::Url whole_url(std::string_view url, std::uint64_t line, const RequestDefaults& defaults) {
    if (defaults.base_url.empty() || has_scheme(url)) return http::Url(url);
    const JoinedUrl joined = join_urls(defaults.base_url, url);
    http::Url whole(joined.text);
    // A vendor's lines begin with /v1, and so does the base URL that its users know.
    const bool is_odd = joined.is_joined_once && defaults.format == BatchFormat::plait;
    if (is_odd && defaults.notes) defaults.notes->joined_once(line, url, joined.text);
    return whole;
}

std::string checked_base_url(std::string_view url) {
    if (url.find_first_of("?#") != std::string_view::npos) throw_bad_input("a base URL has no query and no fragment");
    (void)http::Url(url);  // throws when it is not one
    return std::string(url);
}

}  // namespace plait::batch
