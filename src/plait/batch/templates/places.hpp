#pragma once

#include "plait/batch/rows/column_list.hpp"
#include "plait/batch/rows/row.hpp"
#include "plait/batch/templates/text_template.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// How a value is escaped for its place in a request, so that the reader gets back exactly that value.
namespace plait::batch {

/// Appends `text` for a segment of a path or for a query: all bytes but letters, digits and `-._~` become `%XX` (RFC
/// 3986, section 2.3), `/` and `+` included.
void append_for_url(std::string& out, std::string_view text);

/// Appends UTF-8 for the inside of a JSON string, without quotes.
void append_for_json(std::string& out, std::string_view text);

/// Whether a segment of a path would be lost or would mean another folder: it is empty, `.` or `..`, however encoded.
bool changes_path(std::string_view segment) noexcept;

/// Whether `text` is a number as JSON writes it (RFC 8259, section 6): not `00123`, `+49`, `.5`, `1,5` or `0x1F`.
bool is_json_number(std::string_view text) noexcept;

/// How `{` stands in the texts of a JSON body.
enum class Braces : std::uint8_t {
    plain,
    escaped  ///< as `\u007b`: the body becomes part of a request line, where `{{env.NAME}}` means a secret
};

/// The values of one row, as a template asks for them. Refers to all that it is given.
class RowValues {
  public:
    RowValues(std::span<const RowCell> cells, const ColumnList& columns, Braces braces = Braces::plain) noexcept
        : cells_(cells), columns_(columns), braces_(braces) {}

    bool is_missing(const ColumnUse& use) const { return cells_[use.column].kind == RowCell::Kind::missing; }

    /// Returns the value, checked for the type that `use` asks for: a boolean is `true` or `false`. A missing value is
    /// `missing`, if `use` permits that. Otherwise throws `Error(bad_input)`, which names the column.
    RowCell get(const ColumnUse& use) const;

    /// The same where only text can stand: lists and objects are refused, too. A missing value is empty.
    std::string_view text(const ColumnUse& use) const;

    /// Appends the inside of a JSON string, or JSON as it is.
    void append_text(std::string& out, std::string_view text) const;
    void append_json(std::string& out, std::string_view json) const;

    /// Throws `Error(bad_input)`, which names the column and quotes its value.
    [[noreturn]] void refuse(const ColumnUse& use, std::string_view why) const;

  private:
    std::span<const RowCell> cells_;
    const ColumnList& columns_;
    Braces braces_;
};

}  // namespace plait::batch
