#include "plait/http/message/internal/escaped.hpp"

#include <fmt/format.h>

#include <iterator>

namespace plait::http::internal {

std::string escaped(std::string_view bytes, std::size_t longest) {
    std::string shown;
    for (char c : bytes.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            shown += c;
        } else {
            fmt::format_to(std::back_inserter(shown), "\\x{:02x}", byte);
        }
    }
    if (bytes.size() > longest) shown += "...";
    return shown;
}

}  // namespace plait::http::internal
