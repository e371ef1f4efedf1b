#pragma once

#include "plait/batch/templates/places.hpp"
#include "plait/batch/templates/text_template.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// A JSON body with columns. All that stands around them stays as it is, byte for byte.
///
///     {"name": {{row.name}}, "note": "from {{row.city}}", "n": {{row.n:number}}, "tag": {{row.tag?}}}
///
/// Where a value stands, a text becomes a string with its quotes; numbers, booleans, lists and objects of rows in JSON
/// stay what they are. Inside quotes, a value becomes escaped text. `{{row.x?}}` leaves out the member or element that
/// it stands in.
class JsonTemplate {
  public:
    /// Throws `Error(bad_input)`, when the text would not be JSON, too.
    JsonTemplate(std::string_view text, ColumnList& columns, const SecretText& secret_text);

    /// Appends the body. Throws `Error(bad_input)` that names a column.
    void write(const RowValues& values, std::string& body) const { write(pieces_, values, body); }

    const std::vector<ColumnUse>& columns() const noexcept { return used_; }

  private:
    class Parser;
    struct Item;
    /// A part of the text. The pieces are written one after another.
    struct Piece {
        enum class Kind : std::uint8_t { literal, value, inside_string, container };

        Piece(Kind kind_, std::string text_) : kind(kind_), text(std::move(text_)) {}
        Piece(Kind kind_, ColumnUse use_) : kind(kind_), use(use_) {}

        Kind kind;
        std::string text{};  ///< of a container: its closing bracket, and the blanks before it
        ColumnUse use{};
        std::vector<Item> items{};  ///< of a container some of whose members may be left out
    };
    /// A member of an object or an element of a list.
    struct Item {
        std::string comma;  ///< written unless this is the first
        std::string blanks;
        std::vector<Piece> pieces;
    };

    static void write(const std::vector<Piece>& pieces, const RowValues& values, std::string& body);
    static void write_items(const Piece& container, const RowValues& values, std::string& body);
    static bool is_dropped(const Item& item, const RowValues& values);

    std::vector<Piece> pieces_;
    std::vector<ColumnUse> used_;
};

}  // namespace plait::batch
