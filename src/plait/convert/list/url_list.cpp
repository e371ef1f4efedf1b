#include "plait/convert/list/url_list.hpp"

#include "plait/base/text/trim.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/internal/url_text.hpp"

#include <fmt/format.h>

namespace plait::convert {

bool is_url_list(const Input& input) {
    for (const std::string_view line : internal::lines_of(input.text)) {
        const std::string_view text = trimmed(line);
        if (!text.empty() && !text.starts_with('#')) return text.starts_with("http://") || text.starts_with("https://");
    }
    return false;
}

void read_url_list(const Input& input, Conversion& conversion) {
    std::size_t number = 0;
    for (const std::string_view line : internal::lines_of(input.text)) {
        ++number;
        const std::string_view text = trimmed(line);
        if (text.empty()) continue;
        const std::string where = fmt::format("{}line {}", input.prefix, number);
        if (text.starts_with('#')) {
            conversion.leave_out(where, "it is a comment");
            continue;
        }
        internal::UrlText url(internal::with_unsafe_encoded(text));
        url.remove_dot_segments();
        conversion.add(where, Request("GET", url.with_user()));
    }
}

}  // namespace plait::convert
