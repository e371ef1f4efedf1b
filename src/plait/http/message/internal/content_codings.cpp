#include "plait/http/message/internal/content_codings.hpp"

#include "plait/base/text/trim.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace plait::http::internal {

namespace {

std::optional<coding::Coding> coding_named(std::string_view name) {
    using coding::Coding;
    if (name == "gzip" || name == "x-gzip") return Coding::gzip;
    if (name == "deflate") return Coding::deflate;
    if (name == "br") return Coding::brotli;
    if (name == "zstd") return Coding::zstd;
    return std::nullopt;
}

}  // namespace

ContentCodings read_content_codings(const Headers& headers) {
    ContentCodings codings;
    bool are_known = true;
    for (std::string_view line : headers.get_all("Content-Encoding")) {
        while (!line.empty()) {
            const std::size_t size = std::min(line.find(','), line.size());
            const std::string name = lower(trimmed(line.substr(0, size)));
            line.remove_prefix(std::min(size + 1, line.size()));
            if (name.empty() || name == "identity") continue;
            codings.names.append(codings.names.empty() ? "" : ", ").append(name);
            const auto coding = coding_named(name);
            are_known = are_known && coding && codings.known.size() < most_content_codings;
            if (are_known) codings.known.push_back(*coding);
        }
    }
    if (!are_known) codings.known.clear();
    return codings;
}

}  // namespace plait::http::internal
