#pragma once

#include "plait/batch/rows/column_list.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// The type that a template asks for.
enum class ValueType : std::uint8_t { as_is, number, boolean, json };

/// What becomes of a place whose value is missing.
enum class IfMissing : std::uint8_t {
    refuse,  ///< `{{row.x}}`: the row is an error
    drop,    ///< `{{row.x?}}`: the pair, header, or member around it is left out
    empty    ///< `{{row.x|}}`: an empty text; null where a JSON value stands
};

/// The mention of a column in a template, such as `{{row.price:number|}}`.
class ColumnUse {
  public:
    explicit ColumnUse(std::size_t column_ = 0, ValueType type_ = ValueType::as_is,
                       IfMissing if_missing_ = IfMissing::refuse) noexcept
        : column(column_), type(type_), if_missing(if_missing_) {}

    std::size_t column;  ///< its index in the `ColumnList`
    ValueType type;
    IfMissing if_missing;

    friend bool operator==(const ColumnUse&, const ColumnUse&) = default;
};

/// A part of a template: text that stays, a column, or a secret.
class TemplatePart {
  public:
    enum class Kind : std::uint8_t { literal, column, secret };

    TemplatePart(Kind kind_, std::string text_) : kind(kind_), text(std::move(text_)) {}
    explicit TemplatePart(ColumnUse use_) : kind(Kind::column), use(use_) {}

    Kind kind;
    std::string text{};  ///< the literal, or the name of the secret, such as `env.API_KEY`
    ColumnUse use{};

    friend bool operator==(const TemplatePart&, const TemplatePart&) = default;
};

/// Returns what stands for a secret, such as `env.API_KEY`: its value, or its name in braces.
using SecretText = std::function<std::string(std::string_view name)>;

/// Reads the braces at the start of `text`, which starts with `{{`, and sets `length` to their length. Columns are
/// added to `columns`. Throws `Error(bad_input)` for braces that are neither a column nor a secret.
TemplatePart read_braces(std::string_view text, ColumnList& columns, std::size_t& length);

/// Takes a template apart: literals, `{{row.COLUMN}}`, `{{env.NAME}}` and `{{file.PATH}}`. No literal is empty, and no
/// two are neighbours. Throws as `read_braces` does.
///
///     {{row.id}} {{row./a/b}} {{row["any: name"]}} {{row.n:number}} {{row.x?}} {{row.x|}}
std::vector<TemplatePart> parse_template(std::string_view text, ColumnList& columns);

/// Whether `text` names a column.
bool names_column(std::string_view text) noexcept;

}  // namespace plait::batch
