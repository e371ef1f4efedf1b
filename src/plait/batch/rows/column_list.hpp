#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// A column that a template names.
class RowColumn {
  public:
    RowColumn(std::string name_, bool is_pointer_) : name(std::move(name_)), is_pointer(is_pointer_) {}

    std::string name;
    bool is_pointer;         ///< in rows of JSON, `name` is a JSON Pointer (RFC 6901), as in `{{row./a/b}}`
    bool is_needed = false;  ///< a row without a value is an error

    bool is_same_as(const RowColumn& other) const noexcept {
        return name == other.name && is_pointer == other.is_pointer;
    }
};

/// The columns that templates and options name, each once. Its index in the list is the index of its cell in a row.
class ColumnList {
  public:
    std::size_t add(RowColumn column) {
        const auto known = std::find_if(columns_.begin(), columns_.end(),
                                        [&column](const RowColumn& other) { return other.is_same_as(column); });
        if (known != columns_.end()) return static_cast<std::size_t>(known - columns_.begin());
        columns_.push_back(std::move(column));
        return columns_.size() - 1;
    }

    /// Says that a row without a value in this column is an error.
    void need(std::size_t index) { columns_[index].is_needed = true; }

    std::size_t size() const noexcept { return columns_.size(); }
    const RowColumn& operator[](std::size_t index) const { return columns_[index]; }
    auto begin() const noexcept { return columns_.begin(); }
    auto end() const noexcept { return columns_.end(); }

  private:
    std::vector<RowColumn> columns_;
};

/// Reads the name of a column as options take it: `name`, or `/a/b`.
inline RowColumn column_named(std::string_view name) { return RowColumn(std::string(name), name.starts_with('/')); }

}  // namespace plait::batch
