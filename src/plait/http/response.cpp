#include "plait/http/response.hpp"

namespace plait::http {

std::string_view to_string(HttpVersion version) noexcept { return version == HttpVersion::http_2 ? "2" : "1.1"; }

}  // namespace plait::http
