#include "plait/batch/rows/sqlite_rows.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace plait::batch {

namespace {

constexpr std::string_view magic("SQLite format 3\0", 16);

// The most that is read at once.
constexpr std::size_t page_rows = 1000;
constexpr std::size_t page_bytes = 1024 * 1024;

/// How long to wait for another program that writes.
constexpr int patience_ms = 5000;

std::string quoted(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) {
        text += c;
        if (c == '"') text += c;
    }
    return text + '"';
}

std::string_view text_of(sqlite3_stmt* statement, int column) {
    const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(statement, column));
    const int size = ::sqlite3_column_bytes(statement, column);
    return text ? std::string_view(text, static_cast<std::size_t>(size)) : std::string_view();
}

/// The shortest text that is this number again, and is no integer: SQLite's own has only 15 digits.
std::string real_text(double value) {
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

}  // namespace

bool begins_sqlite(std::string_view content) noexcept { return content.starts_with(magic); }

bool is_sqlite(int file) noexcept {
    std::array<char, magic.size()> begin{};
    return ::pread(file, begin.data(), begin.size(), 0) == static_cast<ssize_t>(begin.size()) &&
           begins_sqlite(std::string_view(begin.data(), begin.size()));
}

/// The connection, and the statement that reads the columns.
class SqliteRows::Table {
  public:
    Table(const std::string& path, const RowOptions& options, const ColumnList& columns) : path_(path) {
        sqlite3* opened = nullptr;
        const int code = ::sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
        database_.reset(opened);
        check(code);
        ::sqlite3_busy_timeout(opened, patience_ms);
        find_table(options.table);
        find_columns(columns);
        prepare(columns);
    }

    /// Goes to the next row; false at the end.
    bool step() {
        const int code = ::sqlite3_step(rows_.get());
        if (code == SQLITE_ROW) {
            if (is_paged_) last_id_ = ::sqlite3_column_int64(rows_.get(), 0);
            return true;
        }
        if (code != SQLITE_DONE) check(code);
        is_at_end_ = true;
        ::sqlite3_reset(rows_.get());
        return false;
    }

    /// Ends the transaction: the next row is the one behind the last.
    void pause() {
        ::sqlite3_reset(rows_.get());
        if (last_id_ == std::numeric_limits<std::int64_t>::max()) {
            is_at_end_ = true;
        } else {
            check(::sqlite3_bind_int64(rows_.get(), 1, last_id_ + 1));
        }
    }

    bool is_paged() const noexcept { return is_paged_; }
    bool is_at_end() const noexcept { return is_at_end_; }
    sqlite3_stmt* row() const noexcept { return rows_.get(); }
    int first_column() const noexcept { return is_paged_ ? 1 : 0; }

    std::uint64_t count() {
        const Statement counted = make_statement("SELECT count(*) FROM " + quoted(table_));
        if (const int code = ::sqlite3_step(counted.get()); code != SQLITE_ROW) check(code);
        return static_cast<std::uint64_t>(::sqlite3_column_int64(counted.get(), 0));
    }

  private:
    struct Close {
        void operator()(sqlite3* database) const noexcept { ::sqlite3_close_v2(database); }
        void operator()(sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Close>;

    void check(int code) const {
        if (code == SQLITE_OK) return;
        throw Error(code == SQLITE_NOTADB ? ErrorCode::bad_input : ErrorCode::storage,
                    fmt::format("read {}: {}", path_, ::sqlite3_errmsg(database_.get())));
    }

    Statement make_statement(const std::string& sql) const {
        sqlite3_stmt* statement = nullptr;
        check(::sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &statement, nullptr));
        return Statement(statement);
    }

    std::vector<std::string> texts_of(const std::string& sql) const {
        const Statement statement = make_statement(sql);
        std::vector<std::string> texts;
        int code = SQLITE_ROW;
        while ((code = ::sqlite3_step(statement.get())) == SQLITE_ROW) texts.emplace_back(text_of(statement.get(), 0));
        if (code != SQLITE_DONE) check(code);
        return texts;
    }

    void find_table(const std::string& wanted) {
        const std::vector<std::string> names = texts_of(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
            "ORDER BY name");
        const auto found = std::find(names.begin(), names.end(), wanted);
        if (found == names.end() && (!wanted.empty() || names.size() != 1)) {
            std::string list;
            for (const std::string& name : names) list += (list.empty() ? "" : ", ") + printable(name);
            const std::string has = names.empty() ? "it has none" : "it has " + list;
            throw_bad_input(wanted.empty() ? fmt::format("{}: name a table with --table ({})", path_, has)
                                           : fmt::format("{}: no table {} ({})", path_, printable(wanted), has));
        }
        table_ = wanted.empty() ? names.front() : wanted;
        is_view_ =
            !texts_of("SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = '" + single_quoted() + "'").empty();
    }

    std::string single_quoted() const {
        std::string text;
        for (const char c : table_) text.append(c == '\'' ? 2 : 1, c);
        return text;
    }

    void find_columns(const ColumnList& columns) {
        names_ = texts_of("SELECT name FROM pragma_table_xinfo('" + single_quoted() + "')");
        for (const RowColumn& column : columns) {
            if (std::find(names_.begin(), names_.end(), column.name) == names_.end())
                throw_bad_input(no_such_column(column.name, names_));
        }
    }

    /// The name of the row id, which a column of the same name hides; empty: the table has none.
    std::string row_id() const {
        if (is_view_) return {};
        for (const char* name : {"rowid", "_rowid_", "oid"}) {
            const auto is_hidden = [name](const std::string& known) {
                return ::sqlite3_stricmp(known.c_str(), name) == 0;
            };
            if (std::any_of(names_.begin(), names_.end(), is_hidden)) continue;
            sqlite3_stmt* statement = nullptr;
            const std::string sql = fmt::format("SELECT {} FROM {}", name, quoted(table_));
            const int code = ::sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &statement, nullptr);
            ::sqlite3_finalize(statement);
            return code == SQLITE_OK ? name : "";
        }
        return {};
    }

    void prepare(const ColumnList& columns) {
        const std::string id = row_id();
        is_paged_ = !id.empty();
        std::string list = id;
        for (const RowColumn& column : columns) list += (list.empty() ? "" : ", ") + quoted(column.name);
        if (list.empty()) list = "1";
        std::string sql = fmt::format("SELECT {} FROM {}", list, quoted(table_));
        if (is_paged_) sql += fmt::format(" WHERE {0} >= ?1 ORDER BY {0}", id);
        rows_ = make_statement(sql);
        if (is_paged_) check(::sqlite3_bind_int64(rows_.get(), 1, std::numeric_limits<std::int64_t>::min()));
    }

    std::string path_;
    std::unique_ptr<sqlite3, Close> database_;
    std::string table_;
    bool is_view_ = false;
    std::vector<std::string> names_;
    Statement rows_;
    bool is_paged_ = false;
    bool is_at_end_ = false;
    std::int64_t last_id_ = 0;
};

SqliteRows::SqliteRows(std::string path, const RowOptions& options, const ColumnList& columns)
    : path_(std::move(path)),
      options_(options),
      columns_(columns),
      table_(std::make_unique<Table>(path_, options, columns)),
      cells_(columns.size()),
      reals_(columns.size()) {}

SqliteRows::~SqliteRows() = default;

Task<std::optional<Row>> SqliteRows::next() { co_return take(); }

std::optional<Row> SqliteRows::take() {
    if (number_ >= last_line_) return std::nullopt;
    if (!table_->is_paged()) {
        if (table_->is_at_end() || !table_->step()) return std::nullopt;
        ++number_;
        const Row row = read_row();
        return row.problem.empty() ? Row(number_, cells_) : refuse(problem_);
    }
    if (taken_ == page_size_) read_page();
    if (page_size_ == 0) return std::nullopt;
    ++number_;
    const StoredRow& row = page_[taken_++];
    if (!row.problem.empty()) return refuse(row.problem);
    for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] = RowCell(row.kinds[i], row.texts[i]);
    return Row(number_, cells_);
}

void SqliteRows::read_page() {
    taken_ = page_size_ = 0;
    std::size_t bytes = 0;
    while (page_size_ < page_rows && bytes < page_bytes && !table_->is_at_end() && table_->step()) {
        const Row row = read_row();
        if (page_.size() == page_size_) page_.emplace_back();
        StoredRow& stored = page_[page_size_++];
        stored.problem = row.problem;
        stored.kinds.resize(cells_.size());
        stored.texts.resize(cells_.size());
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            stored.kinds[i] = cells_[i].kind;
            // Few texts are long: their memory is not kept for others.
            if (stored.texts[i].capacity() > page_bytes / page_rows) stored.texts[i] = std::string();
            stored.texts[i] = cells_[i].text;
            bytes += cells_[i].text.size();
        }
    }
    if (!table_->is_at_end()) table_->pause();
}

/// Reads the columns of the present row. The line number of a problem is added later.
Row SqliteRows::read_row() {
    problem_.clear();
    sqlite3_stmt* row = table_->row();
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const int column = table_->first_column() + static_cast<int>(i);
        const int type = ::sqlite3_column_type(row, column);
        cells_[i] = RowCell();
        if (type == SQLITE_INTEGER) cells_[i] = RowCell(RowCell::Kind::number, text_of(row, column));
        if (type == SQLITE_TEXT) cells_[i] = RowCell(RowCell::Kind::text, text_of(row, column));
        if (type == SQLITE_FLOAT) {
            const double value = ::sqlite3_column_double(row, column);
            reals_[i] = real_text(value);
            cells_[i] = RowCell(RowCell::Kind::number, reals_[i]);
            if (!std::isfinite(value)) problem_ = "is infinite, and JSON has no such number";
        }
        if (type == SQLITE_BLOB) problem_ = "is a BLOB: use a view with hex() or CAST(... AS TEXT)";
        if (type == SQLITE_TEXT && !json::is_utf8(cells_[i].text)) problem_ = "is not UTF-8";
        if (!problem_.empty()) {
            problem_ = fmt::format("column {} {}", columns_[i].name, problem_);
            return Row(number_, problem_);
        }
    }
    return Row(number_, cells_);
}

Row SqliteRows::refuse(std::string_view why) {
    problem_ = fmt::format("line {}: {}", number_, why);
    return Row(number_, problem_);
}

std::optional<std::uint64_t> SqliteRows::row_count() {
    if (!row_count_) row_count_ = table_->count();
    return row_count_;
}

void SqliteRows::show_to(InputWatch& watch) {
    SqliteRows again(path_, options_, columns_);
    std::string text;
    while (const std::optional<Row> row = again.take()) {
        text = row->problem;
        for (const RowCell& cell : row->cells) {
            text += static_cast<char>('0' + static_cast<int>(cell.kind));
            text.append(cell.text).push_back('\0');
        }
        watch.see(text);
    }
    watch.end();
    row_count_ = last_line_ = again.number_;
}

}  // namespace plait::batch
