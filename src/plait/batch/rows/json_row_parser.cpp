#include "plait/batch/rows/json_row_parser.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

/// Decodes a token of a JSON Pointer (RFC 6901, section 4).
std::string unescaped(std::string_view token) {
    std::string name;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
            name += token[i];
            continue;
        }
        const bool is_escape = i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
        if (!is_escape) throw_bad_input(fmt::format("/{} is not a JSON Pointer: ~ is written ~0", printable(token)));
        name += token[++i] == '0' ? '~' : '/';
    }
    return name;
}

RowCell::Kind kind_of(ondemand::json_type type) {
    switch (type) {
        case ondemand::json_type::null:
            return RowCell::Kind::missing;
        case ondemand::json_type::string:
            return RowCell::Kind::text;
        case ondemand::json_type::number:
            return RowCell::Kind::number;
        case ondemand::json_type::boolean:
            return RowCell::Kind::boolean;
        default:
            return RowCell::Kind::json;
    }
}

}  // namespace

/// A column: a member of the row, and a pointer into it.
struct JsonRowParser::Wanted {
    std::string member;
    std::string inside;      ///< a JSON Pointer; empty: the member itself
    bool is_found = false;   ///< in this row
    bool was_found = false;  ///< in any row, with what the pointer leads to
    // For the value of the member, if there is a pointer.
    json::PaddedText padded{};
    ondemand::parser parser{};
    ondemand::document document{};
};

/// Reads one line. Its cells refer to its memory, and that of `Wanted`.
class JsonRowParser::Reader {
  public:
    /// `names`: takes the names of all members; null: nobody wants them.
    void read(std::string_view text, std::vector<Wanted>& wanted, std::vector<RowCell>& cells,
              std::vector<std::string>* names) {
        text_ = padded_.assign({text});
        if (!json::is_utf8(text_)) throw_bad_input("not UTF-8");
        document_ = parser_.iterate(text_);
        ondemand::object object;
        if (auto error = document_.get_object().get(object)) {
            if (error == simdjson::INCORRECT_TYPE) throw_bad_input("not a JSON object such as {\"id\": 7}");
            throw simdjson::simdjson_error(error);
        }
        for (ondemand::field field : object) {
            const std::string_view name = field.unescaped_key();
            if (names) names->emplace_back(name);
            ondemand::value value = field.value();
            read_member(name, value, wanted, cells);
        }
        if (document_.current_location().error() == simdjson::SUCCESS) throw_bad_input("something follows the object");
    }

  private:
    void read_member(std::string_view name, ondemand::value value, std::vector<Wanted>& wanted,
                     std::vector<RowCell>& cells) {
        std::optional<RowCell> cell;  // a value can be read only once
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (wanted[i].member != name) continue;
            if (wanted[i].is_found) throw_bad_input(fmt::format("\"{}\" occurs twice", printable(name)));
            wanted[i].is_found = true;
            if (!cell) cell = cell_of(document_, value);
            wanted[i].was_found = wanted[i].was_found || wanted[i].inside.empty();
            cells[i] = wanted[i].inside.empty() ? *cell : inside_of(*cell, wanted[i]);
        }
        if (!cell) (void)json::checked_text(document_, value).value();
    }

    static RowCell cell_of(ondemand::document& document, ondemand::value value) {
        const RowCell::Kind kind = kind_of(json::type_of(value));
        if (kind == RowCell::Kind::text) return RowCell(kind, value.get_string());
        return RowCell(kind, json::checked_text(document, value).value());
    }

    static RowCell inside_of(const RowCell& member, Wanted& wanted) {
        ondemand::value value;
        if (member.kind != RowCell::Kind::json) return RowCell();
        wanted.document = wanted.parser.iterate(wanted.padded.assign({member.text}));
        if (wanted.document.at_pointer(wanted.inside).get(value)) return RowCell();
        wanted.was_found = true;
        return cell_of(wanted.document, value);
    }

    json::PaddedText padded_;
    simdjson::padded_string_view text_;
    ondemand::parser parser_;
    ondemand::document document_;
};

JsonRowParser::JsonRowParser(const ColumnList& columns)
    : columns_(columns), cells_(columns.size()), reader_(std::make_unique<Reader>()) {
    for (const RowColumn& column : columns) {
        Wanted& wanted = wanted_.emplace_back();
        if (!column.is_pointer) {
            wanted.member = column.name;
            continue;
        }
        const std::string_view pointer = column.name;
        const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
        wanted.member = unescaped(pointer.substr(1, end - 1));
        wanted.inside = pointer.substr(end);
        (void)unescaped(pointer.substr(end));  // throws when it is none
    }
}

JsonRowParser::~JsonRowParser() = default;

std::optional<Row> JsonRowParser::take(const LineReader::Line& line) {
    const std::string_view text = line.number == 1 ? json::without_byte_order_mark(line.text) : line.text;
    const std::size_t first = text.find_first_not_of(" \t\r\v\f");
    if (first == std::string_view::npos || text[first] == '#') return std::nullopt;
    if (line.is_cut) return refuse(line.number, fmt::format("longer than {} bytes", text.size() - 1));
    for (Wanted& wanted : wanted_) wanted.is_found = false;
    std::fill(cells_.begin(), cells_.end(), RowCell());
    try {
        reader_->read(text, wanted_, cells_, names_.empty() ? &names_ : nullptr);
    } catch (const simdjson::simdjson_error& error) {
        return refuse(line.number, fmt::format("not JSON: {}", simdjson::error_message(error.error())));
    } catch (const Error& error) {
        return refuse(line.number, error.what());
    }
    for (RowCell& cell : cells_) {
        if (cell.kind == RowCell::Kind::missing) cell = RowCell();
    }
    return Row(line.number, cells_);
}

std::optional<std::string> JsonRowParser::unknown_column() const {
    if (names_.empty()) return std::nullopt;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].is_needed && !wanted_[i].was_found) return no_such_column(columns_[i].name, names_);
    }
    return std::nullopt;
}

Row JsonRowParser::refuse(std::uint64_t line, std::string_view why) {
    problem_ = fmt::format("line {}: {}", line, why);
    return Row(line, problem_);
}

}  // namespace plait::batch
