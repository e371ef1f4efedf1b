#pragma once

#include <string>
#include <string_view>

namespace plait::policy::internal {

/// `UNIT=AMOUNT` at the front of a text.
struct UnitAmount {
    UnitAmount() noexcept {}

    std::string_view unit;
    double amount = 0;
    std::string_view rest;  ///< what follows the amount
    std::string problem;    ///< why the text can't be parsed; empty when it can
};

/// Parses a unit and a positive amount: `usd=5`, `tokens=90k` (thousands), `tokens=2M/h` (millions; the rest is `/h`).
UnitAmount parse_unit_amount(std::string_view text);

/// `number` as people write it: `500`, `0.25`, `90k`.
std::string amount_text(double number);

/// Whether `text` can be the name of a unit: letters, digits, `_` and `-`, a letter first.
bool is_unit_name(std::string_view text) noexcept;

}  // namespace plait::policy::internal
