#include "plait/batch/rows/undecided_parser.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <string_view>

namespace plait::batch {

namespace {

constexpr std::string_view blanks = " \t\r\v\f";

/// Whether a JSON object begins, rather than a cell such as `{1,2}`, as PostgreSQL writes lists.
bool begins_object(std::string_view text) {
    if (!text.starts_with('{')) return false;
    const std::size_t next = text.find_first_not_of(blanks, 1);
    return next != std::string_view::npos && (text[next] == '"' || text[next] == '}');
}

}  // namespace

UndecidedParser::UndecidedParser(const RowOptions& options, const ColumnList& columns)
    : options_(options), columns_(columns) {}

std::optional<Row> UndecidedParser::take(const LineReader::Line& line) {
    if (parser_) return parser_->take(line);
    const std::size_t begin = line.text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::string_view text = line.text.substr(begin);
    if (commented_ > 0 && !text.starts_with('#')) {
        decide_for(begins_object(text) ? RowFormat::jsonl : RowFormat::csv);
        return parser_->take(line);
    }
    if (commented_++ == 0) {
        first_ = line;
        first_text_ = line.text;
        first_.text = first_text_;
    }
    return std::nullopt;
}

std::optional<Row> UndecidedParser::finish() {
    if (!parser_ && commented_ > 0) {
        throw_bad_input("there are only lines that begin with #: comments, or with --rows csv a header (and rows)");
    }
    if (!parser_) decide_for(RowFormat::csv);
    return parser_->finish();
}

std::optional<std::string> UndecidedParser::unknown_column() const {
    return parser_ ? parser_->unknown_column() : std::nullopt;
}

void UndecidedParser::decide_for(RowFormat format) {
    if (format == RowFormat::csv && commented_ > 1) {
        throw_bad_input(
            fmt::format("the first {} lines begin with #: with --rows csv, they are the header and rows, "
                        "with --rows jsonl comments",
                        commented_));
    }
    RowOptions options = options_;
    options.format = format;
    parser_ = make_row_parser(options, first_text_, columns_);
    if (format == RowFormat::csv) (void)parser_->take(first_);  // the header
}

}  // namespace plait::batch
