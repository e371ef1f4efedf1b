#include "plait/batch/table/table_writer.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

// The formats of text: JSON Lines and CSV.
namespace plait::batch {

namespace {

constexpr std::size_t chunk = 256 * 1024;

/// Writes the shortest text that reads back as this number, always with a point or an exponent: it is no integer.
void append_decimal(std::string& out, double number) {
    const std::size_t start = out.size();
    fmt::format_to(std::back_inserter(out), "{}", number);
    if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

class JsonLinesWriter final : public TableWriter {
  public:
    JsonLinesWriter(OutputFile& output, const std::vector<Column>& columns) : output_(output) {
        for (const Column& column : columns) {
            std::string name = names_.empty() ? "{" : ",";
            json::append_string(name, column.name);
            names_.push_back(name + ':');
            types_.push_back(column.type);
        }
    }

    void add(std::span<const Cell> row) override {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text_ += names_[i];
            append(row[i], types_[i]);
        }
        text_ += "}\n";
        if (text_.size() >= chunk) finish();
    }

    void finish() override {
        output_.write(text_);
        text_.clear();
    }

  private:
    void append(const Cell& cell, ColumnType type) {
        switch (type) {
            case ColumnType::text:
                return json::append_string(text_, cell.text);
            case ColumnType::integer:
                fmt::format_to(std::back_inserter(text_), "{}", cell.integer);
                return;
            case ColumnType::number:
                return append_decimal(text_, cell.number);
            case ColumnType::truth:
                text_ += cell.truth ? "true" : "false";
        }
    }

    OutputFile& output_;
    std::vector<std::string> names_;
    std::vector<ColumnType> types_;
    std::string text_;
};

class CsvWriter final : public TableWriter {
  public:
    CsvWriter(OutputFile& output, const std::vector<Column>& columns) : output_(output) {
        for (const Column& column : columns) {
            if (!types_.empty()) text_ += ',';
            append_quoted(column.name);
            types_.push_back(column.type);
        }
        text_ += '\n';
    }

    void add(std::span<const Cell> row) override {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0) text_ += ',';
            if (!row[i].is_missing) append(row[i], types_[i]);
        }
        text_ += '\n';
        if (text_.size() >= chunk) finish();
    }

    void finish() override {
        output_.write(text_);
        text_.clear();
    }

  private:
    void append(const Cell& cell, ColumnType type) {
        switch (type) {
            case ColumnType::text:
                return append_quoted(cell.text);
            case ColumnType::integer:
                fmt::format_to(std::back_inserter(text_), "{}", cell.integer);
                return;
            case ColumnType::number:
                return append_decimal(text_, cell.number);
            case ColumnType::truth:
                text_ += cell.truth ? "true" : "false";
        }
    }

    void append_quoted(std::string_view text) {
        text_ += '"';
        for (auto quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"')) {
            text_.append(text.substr(0, quote + 1));
            text_ += '"';
            text.remove_prefix(quote + 1);
        }
        text_.append(text);
        text_ += '"';
    }

    OutputFile& output_;
    std::vector<ColumnType> types_;
    std::string text_;
};

}  // namespace

std::unique_ptr<TableWriter> json_lines_writer(OutputFile& output, const std::vector<Column>& columns) {
    return std::make_unique<JsonLinesWriter>(output, columns);
}

std::unique_ptr<TableWriter> csv_writer(OutputFile& output, const std::vector<Column>& columns) {
    return std::make_unique<CsvWriter>(output, columns);
}

}  // namespace plait::batch
