#include "plait/http/internal/escaped.hpp"

#include <fmt/format.h>

#include <iterator>

namespace plait::http::internal {

std::string printable(std::string_view text, std::size_t longest) {
    std::string shown;
    for (char c : text.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            shown += c;
        } else {
            fmt::format_to(std::back_inserter(shown), "\\x{:02x}", byte);
        }
    }
    if (text.size() > longest) shown += "...";
    return shown;
}

std::string in_words(Duration duration) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    using Seconds = std::chrono::duration<double>;
    return duration < std::chrono::seconds(1) ? fmt::format("{:.3g} ms", Milliseconds(duration).count())
                                              : fmt::format("{:.4g} s", Seconds(duration).count());
}

}  // namespace plait::http::internal
