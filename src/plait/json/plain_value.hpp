#pragma once

#include <string_view>

namespace plait::json {

/// Whether `text` is surely one JSON value on one line, without `Oddities`: a quick look at what most answers consist
/// of. False says nothing: such a text needs the whole check (`LoneValue`). Text that is long, deep or not ASCII,
/// numbers with exponents or many digits, and escapes by number are left to it.
bool is_plain_value(std::string_view text) noexcept;

}  // namespace plait::json
