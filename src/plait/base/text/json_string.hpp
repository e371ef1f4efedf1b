#pragma once

#include <string>
#include <string_view>

namespace plait {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends the escape of a quote, a backslash or a control character.
void append_json_escape(std::string& out, char c);

/// The same as `append_json_string` for JSON inside a web page: `<` is escaped, so that no string can end the script
/// around it.
void append_json_string_for_page(std::string& out, std::string_view text);

/// Whether a text needs no escaping, as is nearly always the case: it is ASCII without quotes, backslashes and control
/// characters.
bool is_plain_json(std::string_view text) noexcept;

/// Returns the end of the part at the front of a text that needs no escaping.
const char* plain_json_end(const char* begin, const char* end) noexcept;

/// Whether a text needs no escaping for `append_json_string_for_page`.
bool is_plain_json_for_page(std::string_view text) noexcept;

}  // namespace plait
