#pragma once

#include "plait/batch/table/column.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

/// A value of the answer's JSON that becomes a column.
class Selection {
  public:
    Selection(std::string name_, std::string pointer_, ColumnType type_)
        : name(std::move(name_)), pointer(std::move(pointer_)), type(type_) {}

    std::string name;
    /// A JSON Pointer (RFC 6901) into the body.
    std::string pointer;
    ColumnType type;
};

/// Parses `NAME=/pointer`, `NAME=/pointer:number`, `:bool` or `:text`, which is the default. Throws `Error(bad_input)`,
/// which says what is wrong.
Selection parse_selection(std::string_view text);

}  // namespace plait::batch
