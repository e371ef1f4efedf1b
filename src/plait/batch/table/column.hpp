#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

enum class ColumnType { text, integer, number, truth };

/// A column of a table.
class Column {
  public:
    Column(std::string name_, ColumnType type_, bool may_be_missing_ = false)
        : name(std::move(name_)), type(type_), may_be_missing(may_be_missing_) {}

    std::string name;
    ColumnType type;
    bool may_be_missing;
};

/// The value of a row in one column. Only the member of the column's type counts; the others are as they were made, and
/// so are all of them in a cell that is missing: formats without a missing value write that.
struct Cell {
    bool is_missing = false;
    bool truth = false;
    std::int64_t integer = 0;
    double number = 0;
    std::string_view text{};
};

}  // namespace plait::batch
