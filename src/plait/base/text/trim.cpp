#include "plait/base/text/trim.hpp"

#include <algorithm>

namespace plait {

std::string_view trimmed(std::string_view text, std::string_view blanks) noexcept {
    // Nearly always, there are one or two blanks to compare with, and none or one to remove. Blanks come before all
    // other characters of ASCII.
    const auto is_blank = [blanks](char c) {
        return static_cast<unsigned char>(c) <= ' ' && std::find(blanks.begin(), blanks.end(), c) != blanks.end();
    };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

void skip_blanks(std::string_view& text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

}  // namespace plait
