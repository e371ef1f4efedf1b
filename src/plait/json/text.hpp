#pragma once

#include "plait/base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace plait::json {

/// Appends `text` as a JSON string with its quotes. Text that is not UTF-8 is taken as ISO 8859-1, so that whatever a
/// peer sent in a header can be shown.
void append_string(std::string& out, std::string_view text);

void append_number(std::string& out, std::uint64_t number);

/// Appends `duration` in milliseconds with three decimals, such as `301.000`; a negative one is 0. The decimals are
/// never left out: readers that guess a column's type from its first rows would take it for one of integers.
void append_milliseconds(std::string& out, Duration duration);

/// Returns `text` without a leading byte order mark, which parsers may ignore (RFC 8259, section 8.1).
std::string_view without_byte_order_mark(std::string_view text) noexcept;

bool is_utf8(std::string_view text) noexcept;

}  // namespace plait::json
