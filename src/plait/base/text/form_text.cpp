#include "plait/base/text/form_text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace plait {

namespace {

bool stays(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' || c == '-' ||
           c == '.' || c == '_';
}

void append_encoded(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (stays(c)) {
            out += c;
        } else if (c == ' ') {
            out += '+';
        } else {
            fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
        }
    }
}

}  // namespace

void append_form_pair(std::string& out, std::string_view name, std::string_view value) {
    if (!out.empty()) out += '&';
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
}

}  // namespace plait
