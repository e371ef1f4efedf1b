#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace plait::batch {

/// One value of a row.
///
/// The cells of CSV are texts. Rows of JSON Lines and SQLite have numbers, too, whose digits stay as they are; JSON has
/// booleans, and lists and objects, which are `json`.
class RowCell {
  public:
    enum class Kind : std::uint8_t { missing, text, number, boolean, json };

    constexpr RowCell() noexcept {}
    constexpr RowCell(Kind kind_, std::string_view text_) noexcept : kind(kind_), text(text_) {}

    Kind kind = Kind::missing;
    std::string_view text;  ///< a text without quotes and escapes; of a missing one, why, if known; else JSON

    friend bool operator==(const RowCell&, const RowCell&) = default;
};

/// A row of the input: one cell for each column that was asked for, or why there are none.
class Row {
  public:
    Row(std::uint64_t line_, std::span<const RowCell> cells_) noexcept : line(line_), cells(cells_) {}
    Row(std::uint64_t line_, std::string_view problem_) noexcept : line(line_), problem(problem_) {}

    std::uint64_t line;              ///< the number of its first line, counted from 1
    std::span<const RowCell> cells;  ///< empty if there is a problem
    std::string_view problem{};      ///< why it can't be read; empty: it can
};

}  // namespace plait::batch
