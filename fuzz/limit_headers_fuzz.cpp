// The header fields of an answer, a line each.
#include "plait/http/limit_headers/limit_headers.hpp"

#include "target.hpp"
#include <chrono>

using namespace plait;

void feed(std::string_view bytes) {
    http::Headers headers;
    while (!bytes.empty()) {
        const std::string_view line = bytes.substr(0, bytes.find('\n'));
        bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos) headers.add(line.substr(0, colon), line.substr(colon + 1));
    }
    const http::LimitHeaders limits = http::read_limit_headers(headers, WallTime(std::chrono::seconds(1'800'000'000)));
    PLAIT_ASSERT(limits.notices.size() <= http::most_notices, "a server can't make us follow any number of limits");
    PLAIT_ASSERT(!limits.retry_after || *limits.retry_after >= Duration::zero(), "nobody waits backwards");
}
