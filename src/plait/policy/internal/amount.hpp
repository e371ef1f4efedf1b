#pragma once

#include <string>
#include <string_view>

namespace plait::policy::internal {

/// Takes a positive number off the front of `text`: `5`, `0.25`, `90k` (thousands) or `2M` (millions). Returns 0, and
/// leaves `text` alone, when there is none.
double take_amount(std::string_view& text);

/// `number` as people write it: `500`, `0.25`, `90k`.
std::string amount_text(double number);

/// Whether `text` can be the name of a unit: letters, digits, `_` and `-`, a letter first.
bool is_unit_name(std::string_view text) noexcept;

}  // namespace plait::policy::internal
