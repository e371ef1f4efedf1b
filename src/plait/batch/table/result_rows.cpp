#include "plait/batch/table/result_rows.hpp"

#include "plait/base/error.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

// The fixed columns, in their order.
enum FixedColumn : std::size_t {
    custom_id,
    line_number,
    outcome,
    method,
    url,
    status_code,
    error_code,
    error_message,
    attempts,
    total_ms,
    body,
    body_base64,
    body_file,
    headers,
    metadata,
    first_selected
};

std::vector<Column> fixed_columns() {
    return {{"custom_id", ColumnType::text},  {"line", ColumnType::integer},       {"outcome", ColumnType::text},
            {"method", ColumnType::text},     {"url", ColumnType::text},           {"status_code", ColumnType::integer},
            {"error_code", ColumnType::text}, {"error_message", ColumnType::text}, {"attempts", ColumnType::integer},
            {"total_ms", ColumnType::number}, {"body", ColumnType::text},          {"body_base64", ColumnType::text},
            {"body_file", ColumnType::text},  {"headers", ColumnType::text},       {"metadata", ColumnType::text}};
}

std::string_view trimmed(std::string_view json) {
    const auto last = json.find_last_not_of(" \t\r\n");
    return json.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// Returns the JSON text of a value.
std::string_view json_of(ondemand::value value) {
    switch (value.type().value()) {
        case ondemand::json_type::object:
            return value.get_object().value().raw_json().value();
        case ondemand::json_type::array:
            return value.get_array().value().raw_json().value();
        default:
            return trimmed(value.raw_json_token());
    }
}

/// Returns the content of a text, or the JSON text of any other value; empty for null.
std::string_view text_of(ondemand::value value) {
    switch (value.type().value()) {
        case ondemand::json_type::string: {
            std::string_view content;
            if (!value.get_string().get(content)) return content;
            return trimmed(value.raw_json_token());  // a lone surrogate has no UTF-8: the JSON text can be kept
        }
        case ondemand::json_type::null:
            return {};
        default:
            return json_of(value);
    }
}

void read_response(ondemand::object response, std::vector<Cell>& cells) {
    for (auto field : response) {
        const std::string_view name = field.unescaped_key().value();
        if (name == "status_code") {
            cells[status_code].integer = field.value().get_int64().value();
        } else if (name == "headers") {
            cells[headers].text = json_of(field.value());
        } else if (name == "body") {
            cells[body].text = json_of(field.value());
        } else if (name == "body_text") {
            cells[body].text = field.value().get_string().value();
        } else if (name == "body_base64") {
            cells[body_base64].text = field.value().get_string().value();
        } else if (name == "body_file") {
            cells[body_file].text = field.value().get_string().value();
        }
    }
}

/// The `result` of Anthropic's form, which follows `response`, has the body that is missing there.
void read_result(ondemand::object result, std::vector<Cell>& cells) {
    const bool is_elsewhere = cells[status_code].integer == 0 || !cells[body].text.empty() ||
                              !cells[body_base64].text.empty() || !cells[body_file].text.empty();
    for (auto field : result) {
        const std::string_view name = field.unescaped_key().value();
        if ((name == "message" || name == "error") && !is_elsewhere) cells[body].text = json_of(field.value());
    }
}

/// The bodies of pages, as a list: an element is the JSON of a body, or a text.
void read_pages(ondemand::array pages, std::string& bodies) {
    bodies = "[";
    for (ondemand::object page : pages) {
        if (bodies.size() > 1) bodies += ',';
        const std::size_t before = bodies.size();
        for (auto field : page) {
            const std::string_view name = field.unescaped_key().value();
            if (name == "body" || name == "body_text" || name == "body_base64" || name == "body_file")
                bodies += json_of(field.value());
        }
        if (bodies.size() == before) bodies += "null";
    }
    bodies += ']';
}

void read_error(ondemand::object error, std::vector<Cell>& cells) {
    for (auto field : error) {
        const std::string_view name = field.unescaped_key().value();
        if (name == "code") cells[error_code].text = field.value().get_string().value();
        if (name == "message") cells[error_message].text = field.value().get_string().value();
    }
}

/// Counts the attempts, and the time from the first one's start to the last one's end.
void read_attempts(ondemand::array list, std::vector<Cell>& cells) {
    std::optional<double> begin;
    double end = 0;
    for (ondemand::object attempt : list) {
        double start = 0, length = 0;
        for (auto field : attempt) {
            const std::string_view name = field.unescaped_key().value();
            if (name == "start_ms") start = field.value().get_double().value();
            if (name == "total_ms") length = field.value().get_double().value();
        }
        begin = begin.value_or(start);
        end = start + length;
        ++cells[attempts].integer;
    }
    cells[total_ms].number = std::round((end - begin.value_or(end)) * 1000) / 1000;  // whole microseconds
}

bool is_object(ondemand::value value) { return value.type().value() == ondemand::json_type::object; }

void read_field(std::string_view name, ondemand::value value, std::vector<Cell>& cells) {
    if (name == "custom_id") {
        cells[custom_id].text = value.get_string().value();
    } else if (name == "line") {
        cells[line_number].integer = value.get_int64().value();
    } else if (name == "outcome") {
        cells[outcome].text = value.get_string().value();
    } else if (name == "method") {
        cells[method].text = value.get_string().value();
    } else if (name == "url") {
        cells[url].text = value.get_string().value();
    } else if (name == "response") {
        if (is_object(value)) read_response(value.get_object(), cells);
    } else if (name == "result") {
        if (is_object(value)) read_result(value.get_object(), cells);
    } else if (name == "error") {
        if (is_object(value)) read_error(value.get_object(), cells);
    } else if (name == "attempts") {
        read_attempts(value.get_array(), cells);
    } else if (name == "metadata") {
        if (value.type().value() != ondemand::json_type::null) cells[metadata].text = json_of(value);
    }
}

/// Puts a selected value into its cell. A value of another type than the column's stays missing.
void put(Cell& cell, ColumnType type, ondemand::value value) {
    const ondemand::json_type kind = value.type().value();
    if (type == ColumnType::text && kind != ondemand::json_type::null) {
        cell.text = text_of(value);
        cell.is_missing = false;
    } else if (type == ColumnType::number && kind == ondemand::json_type::number) {
        cell.is_missing = value.get_double().get(cell.number) != simdjson::SUCCESS;
    } else if (type == ColumnType::truth && kind == ondemand::json_type::boolean) {
        cell.is_missing = value.get_bool().get(cell.truth) != simdjson::SUCCESS;
    }
}

}  // namespace

struct ResultRows::Reader {
    explicit Reader(std::vector<Selection> selections_) : selections(std::move(selections_)) {
        cells.resize(first_selected + selections.size());
    }

    void read_line(std::string_view line) {
        std::fill(cells.begin(), cells.end(), Cell());
        ondemand::document document = parser.iterate(line_text.assign({line})).value();
        for (auto field : ondemand::object(document.get_object())) {
            const std::string_view name = field.unescaped_key().value();
            if (name == "pages") {
                read_pages(field.value().get_array(), page_bodies);
                cells[body].text = page_bodies;
            } else {
                read_field(name, field.value(), cells);
            }
        }
    }

    void read_selections() {
        for (std::size_t i = 0; i < selections.size(); ++i) cells[first_selected + i].is_missing = true;
        ondemand::document document;
        if (selections.empty() || cells[body].text.empty() ||
            body_parser.iterate(body_text.assign({"[", cells[body].text, "]"})).get(document))
            return;
        for (std::size_t i = 0; i < selections.size(); ++i) {
            ondemand::value value;
            if (document.at_pointer("/0" + selections[i].pointer).get(value)) continue;
            try {
                put(cells[first_selected + i], selections[i].type, value);
            } catch (const simdjson::simdjson_error&) {
                cells[first_selected + i] = Cell{true};  // the body is not JSON behind this place
            }
        }
    }

    std::vector<Selection> selections;
    std::vector<Cell> cells;
    ondemand::parser parser;
    json::PaddedText line_text;
    std::string page_bodies;
    ondemand::parser body_parser;
    json::PaddedText body_text;
};

ResultRows::ResultRows(std::vector<Selection> selections) : columns_(fixed_columns()) {
    for (const Selection& selection : selections) {
        const auto is_same = [&](const Column& column) { return column.name == selection.name; };
        if (std::any_of(columns_.begin(), columns_.end(), is_same)) {
            throw_bad_input(fmt::format("--select: there are two columns '{}'", selection.name));
        }
        columns_.emplace_back(selection.name, selection.type, true);
    }
    reader_ = std::make_unique<Reader>(std::move(selections));
}

ResultRows::~ResultRows() = default;

std::span<const Cell> ResultRows::read(std::string_view line) {
    try {
        reader_->read_line(line);
    } catch (const simdjson::simdjson_error& error) {
        throw_bad_input(fmt::format("not a result line: {}", error.what()));
    }
    reader_->read_selections();
    return reader_->cells;
}

}  // namespace plait::batch
