#pragma once

#include <string>
#include <string_view>

namespace plait {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// The same for JSON that may come to stand in a web page: without a `<`, nothing in it ends the script around it.
void append_json_string_for_page(std::string& out, std::string_view text);

/// Whether a text is itself between its quotes, as nearly every one is: ASCII, with nothing to escape.
bool is_plain_json_for_page(std::string_view text) noexcept;

}  // namespace plait
