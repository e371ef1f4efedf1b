#include "plait/batch/rows/csv_parser.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/rows/internal/quoted_cells.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace plait::batch {

namespace {

using State = internal::QuotedCells::State;

constexpr std::string_view why_missing = "an empty cell is missing; --empty-is-text takes it for text";

/// Returns the delimiter that stands most often outside of quotes; a comma if there is none.
char most_frequent_delimiter(std::string_view header) {
    constexpr std::array<char, 3> delimiters{',', ';', '\t'};
    std::array<std::size_t, 3> counts{};
    bool in_quotes = false;
    for (const char c : header) {
        if (c == '"') in_quotes = !in_quotes;
        if (in_quotes) continue;
        for (std::size_t i = 0; i < delimiters.size(); ++i) counts[i] += c == delimiters[i];
    }
    return delimiters[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

}  // namespace

CsvParser::CsvParser(const ColumnList& columns, std::optional<char> delimiter, bool empty_is_text)
    : columns_(columns),
      delimiter_(delimiter),
      empty_is_text_(empty_is_text),
      quoted_(std::make_unique<internal::QuotedCells>()),
      cells_(columns.size()) {
    if (delimiter_) quoted_->set_delimiter(*delimiter_);
}

CsvParser::~CsvParser() = default;

std::optional<Row> CsvParser::take(const LineReader::Line& line) {
    std::string_view text = line.number == 1 ? json::without_byte_order_mark(line.text) : line.text;
    if (!in_quotes_) {
        if (text.empty()) return std::nullopt;
        if (!std::exchange(has_delimiter_, true) && take_delimiter(text)) return std::nullopt;
        first_line_ = line.number;
        problem_.clear();
        row_.clear();
    }
    const std::size_t size = (in_quotes_ ? quoted_->size() : 0) + text.size();
    if (line.is_cut || size > largest_row) {
        throw_bad_input(fmt::format("line {}: the row is larger than {} MiB: is one of its quotes never closed?",
                                    first_line_, largest_row / 1024 / 1024));
    }
    if (!json::is_utf8(text)) problem_ = "not UTF-8: save it as \"CSV UTF-8\", or convert it with iconv";
    in_quotes_ = !add_line(text, line.ends_with_crlf);
    if (in_quotes_) return std::nullopt;
    if (has_header_) return make_row();
    read_header();
    return std::nullopt;
}

std::optional<Row> CsvParser::finish() {
    if (!std::exchange(in_quotes_, false)) return std::nullopt;
    problem_ = fmt::format("line {}: a quote of this row is never closed", first_line_);
    if (!has_header_) throw_bad_input(problem_);
    return Row(first_line_, problem_);
}

/// A first line `sep=;`, in quotes or not, is for spreadsheets, and no header.
bool CsvParser::take_delimiter(std::string_view text) {
    constexpr std::string_view sign = "sep=";
    std::string_view bare = text;
    if (bare.size() > 2 && bare.starts_with('"') && bare.ends_with('"')) bare = bare.substr(1, bare.size() - 2);
    const bool is_sign = bare.size() == sign.size() + 1 && bare.starts_with(sign);
    if (!delimiter_) delimiter_ = is_sign ? bare.back() : most_frequent_delimiter(text);
    quoted_->set_delimiter(*delimiter_);
    return is_sign;
}

/// Returns whether the row is complete.
bool CsvParser::add_line(std::string_view text, bool ends_with_crlf) {
    if (!in_quotes_ && !starts_quoted_cell(text)) {
        split(text);
        return true;
    }
    if (!in_quotes_) quoted_->reset();
    State state = quoted_->add(text);
    // For libcsv, a carriage return alone ends a row, too.
    if (state == State::complete) state = State::broken;
    // Rows end with either line break; inside quotes, it is part of the cell.
    if (state == State::open) state = quoted_->add(ends_with_crlf ? "\r\n" : "\n");
    if (state == State::open) return false;
    if (state == State::complete) {
        quoted_->append_to(row_);
    } else if (problem_.empty()) {
        problem_ =
            "a quote or a carriage return stands inside a cell: put the cell in quotes, and write each quote in it "
            "twice, such as \"5\"\" pipe\"";
    }
    return true;
}

bool CsvParser::starts_quoted_cell(std::string_view text) const {
    for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at + 1)) {
        if (at == 0 || text[at - 1] == *delimiter_) return true;
    }
    return false;
}

/// Takes a row without quoted cells apart.
void CsvParser::split(std::string_view text) {
    if (text.find('\r') != std::string_view::npos && problem_.empty())
        problem_ = "a carriage return stands inside a cell without quotes";
    for (;;) {
        const std::size_t end = text.find(*delimiter_);
        const std::string_view cell = text.substr(0, end);
        if (cell.empty()) {
            row_.emplace_back();
        } else {
            row_.emplace_back(cell);
        }
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

void CsvParser::read_header() {
    if (!problem_.empty()) throw_bad_input(fmt::format("line {}: the header: {}", first_line_, problem_));
    has_header_ = true;
    for (const auto& name : row_) names_.emplace_back(name.value_or(""));
    for (const RowColumn& column : columns_) {
        const auto place = std::find(names_.begin(), names_.end(), column.name);
        if (place == names_.end()) {
            const bool has_bars = names_.size() == 1 && names_.front().find('|') != std::string::npos;
            throw_bad_input(no_such_column(column.name, names_) +
                            (has_bars ? ": put a line sep=| before the header if | is between the cells" : ""));
        }
        if (std::find(place + 1, names_.end(), column.name) != names_.end())
            throw_bad_input(fmt::format("two columns are named {}", printable(column.name)));
        places_.push_back(static_cast<std::size_t>(place - names_.begin()));
    }
}

Row CsvParser::make_row() {
    if (problem_.empty() && row_.size() != names_.size()) {
        problem_ =
            fmt::format("{} cell{}, and the header has {}", row_.size(), row_.size() == 1 ? "" : "s", names_.size());
    }
    if (!problem_.empty()) {
        problem_ = fmt::format("line {}: {}", first_line_, problem_);
        return Row(first_line_, problem_);
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const auto& cell = row_[places_[i]];
        const bool is_missing = !cell && !empty_is_text_;
        cells_[i] =
            is_missing ? RowCell(RowCell::Kind::missing, why_missing) : RowCell(RowCell::Kind::text, cell.value_or(""));
    }
    return Row(first_line_, cells_);
}

}  // namespace plait::batch
