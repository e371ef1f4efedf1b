#include "plait/batch/templates/json_template.hpp"

#include "plait/base/error.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace plait::batch {

namespace {

constexpr int deepest = 100;

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

/// Takes the text apart. It checks only the brackets: whether the rest is JSON, a sample tells.
class JsonTemplate::Parser {
  public:
    Parser(std::string_view text, ColumnList& columns, const SecretText& secret_text, std::vector<ColumnUse>& used)
        : text_(text), columns_(columns), secret_text_(secret_text), used_(used) {}

    std::vector<Piece> parse() {
        std::vector<Piece> pieces;
        append(pieces, take_blanks());
        value(pieces);
        append(pieces, take_blanks());
        if (at_ < text_.size()) refuse("something follows its end");
        return pieces;
    }

  private:
    [[noreturn]] void refuse(std::string_view why) const {
        throw_bad_input(fmt::format("not JSON at character {}: {}", at_ + 1, why));
    }

    bool is_next(std::string_view sign) const { return text_.substr(at_).starts_with(sign); }

    std::string_view take_blanks() {
        const std::size_t start = at_;
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
        return text_.substr(start, at_ - start);
    }

    static void append(std::vector<Piece>& pieces, std::string_view text) {
        if (text.empty()) return;
        if (pieces.empty() || pieces.back().kind != Piece::Kind::literal) {
            pieces.emplace_back(Piece::Kind::literal, std::string(text));
        } else {
            pieces.back().text += text;
        }
    }

    static void append(std::vector<Piece>& pieces, std::vector<Piece> more) {
        for (Piece& piece : more) {
            if (piece.kind == Piece::Kind::literal) {
                append(pieces, piece.text);
            } else {
                pieces.push_back(std::move(piece));
            }
        }
    }

    void value(std::vector<Piece>& pieces) {
        if (containers_ > deepest) refuse("more than 100 brackets, one within the other");
        if (is_next("{{")) return braces(pieces, false);
        if (is_next("{")) return container(pieces, '}');
        if (is_next("[")) return container(pieces, ']');
        if (is_next("\"")) return string(pieces);
        const std::size_t end = std::min(text_.find_first_of(" \t\r\n,]}\"{[:", at_), text_.size());
        if (end == at_) refuse("a value is missing");
        append(pieces, text_.substr(at_, end - at_));
        at_ = end;
    }

    void braces(std::vector<Piece>& pieces, bool in_string) {
        std::size_t length = 0;
        const TemplatePart part = read_braces(text_.substr(at_), columns_, length);
        if (part.kind == TemplatePart::Kind::secret) {
            std::string text;
            const std::string value = secret_text_(part.text);
            if (!json::is_utf8(value))
                throw_bad_input(fmt::format("{{{{{}}}}} is not UTF-8, so it can't stand in JSON", part.text));
            append_for_json(text, value);
            append(pieces, in_string ? text : "\"" + text + "\"");
        } else {
            if (in_string && part.use.type != ValueType::as_is) {
                throw_bad_input(fmt::format("{} stands inside quotes, where all is text: remove the quotes or the type",
                                            text_.substr(at_, length)));
            }
            if (part.use.if_missing == IfMissing::drop && containers_ == 0)
                throw_bad_input("{{row.x?}} leaves out a member or element, and here is none");
            used_.push_back(part.use);
            pieces.emplace_back(in_string ? Piece::Kind::inside_string : Piece::Kind::value, part.use);
        }
        at_ += length;
    }

    void string(std::vector<Piece>& pieces) {
        std::size_t start = at_++;
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\') {
                ++at_;
                continue;
            }
            if (!is_next("{{")) continue;
            append(pieces, text_.substr(start, at_ - start));
            braces(pieces, true);
            start = at_--;
        }
        if (at_ >= text_.size()) refuse("a string has no end");
        ++at_;
        append(pieces, text_.substr(start, at_ - start));
    }

    void container(std::vector<Piece>& pieces, char close) {
        const std::string_view open = text_.substr(at_++, 1);
        ++containers_;
        std::vector<Item> items;
        std::string_view blanks = take_blanks();
        std::string comma;
        while (at_ < text_.size() && text_[at_] != close) {
            Item& item = items.emplace_back();
            item.comma = std::exchange(comma, {});
            item.blanks = blanks;
            if (close == '}') name(item.pieces);
            value(item.pieces);
            blanks = take_blanks();
            if (!is_next(",")) break;
            comma = std::string(blanks) + ",";
            ++at_;
            blanks = take_blanks();
            if (at_ < text_.size() && text_[at_] == close) refuse("nothing follows the comma");
        }
        if (at_ >= text_.size() || text_[at_] != close) refuse(fmt::format("a {} or a comma is missing", close));
        ++at_;
        --containers_;
        add(pieces, open, std::move(items), std::string(blanks) + close);
    }

    void name(std::vector<Piece>& pieces) {
        if (!is_next("\"")) refuse("the name of a member in quotes is missing");
        string(pieces);
        append(pieces, take_blanks());
        if (!is_next(":")) refuse("a colon is missing");
        ++at_;
        append(pieces, ":");
        append(pieces, take_blanks());
    }

    static bool can_drop(const Item& item) {
        return std::any_of(item.pieces.begin(), item.pieces.end(), [](const Piece& piece) {
            return piece.kind != Piece::Kind::literal && piece.use.if_missing == IfMissing::drop;
        });
    }

    /// Commas are decided for each row only where a member may be left out.
    static void add(std::vector<Piece>& pieces, std::string_view open, std::vector<Item> items, std::string close) {
        append(pieces, open);
        if (std::any_of(items.begin(), items.end(), can_drop)) {
            pieces.emplace_back(Piece::Kind::container, std::move(close)).items = std::move(items);
            return;
        }
        for (Item& item : items) {
            append(pieces, item.comma);
            append(pieces, item.blanks);
            append(pieces, std::move(item.pieces));
        }
        append(pieces, close);
    }

    std::string_view text_;
    ColumnList& columns_;
    const SecretText& secret_text_;
    std::vector<ColumnUse>& used_;
    std::size_t at_ = 0;
    int containers_ = 0;  ///< around the place
};

JsonTemplate::JsonTemplate(std::string_view text, ColumnList& columns, const SecretText& secret_text) {
    if (!json::is_utf8(text)) throw_bad_input("not UTF-8");
    pieces_ = Parser(text, columns, secret_text, used_).parse();
    const std::vector<RowCell> cells(columns.size(), RowCell(RowCell::Kind::number, "1"));
    std::string sample;
    write(RowValues(cells, columns), sample);
    // Not shown: it may hold secrets.
    if (!json::LoneValue().assign(sample)) throw_bad_input("not JSON, even with the number 1 for each column");
}

void JsonTemplate::write(const std::vector<Piece>& pieces, const RowValues& values, std::string& body) {
    for (const Piece& piece : pieces) {
        if (piece.kind == Piece::Kind::literal) {
            body += piece.text;
            continue;
        }
        if (piece.kind == Piece::Kind::container) {
            write_items(piece, values, body);
            continue;
        }
        if (piece.kind == Piece::Kind::inside_string) {
            values.append_text(body, values.text(piece.use));
            continue;
        }
        const RowCell cell = values.get(piece.use);
        if (cell.kind == RowCell::Kind::missing) {
            body += "null";
        } else if (cell.kind != RowCell::Kind::text) {
            values.append_json(body, cell.text);
        } else {
            body += '"';
            values.append_text(body, cell.text);
            body += '"';
        }
    }
}

void JsonTemplate::write_items(const Piece& container, const RowValues& values, std::string& body) {
    bool is_first = true;
    for (const Item& item : container.items) {
        if (is_dropped(item, values)) continue;
        const bool has_one_before = !std::exchange(is_first, false);
        if (has_one_before) body += item.comma;
        body += has_one_before ? item.blanks : container.items.front().blanks;
        write(item.pieces, values, body);
    }
    body += container.text;
}

bool JsonTemplate::is_dropped(const Item& item, const RowValues& values) {
    return std::any_of(item.pieces.begin(), item.pieces.end(), [&values](const Piece& piece) {
        const bool is_column = piece.kind == Piece::Kind::value || piece.kind == Piece::Kind::inside_string;
        return is_column && piece.use.if_missing == IfMissing::drop && values.is_missing(piece.use);
    });
}

}  // namespace plait::batch
