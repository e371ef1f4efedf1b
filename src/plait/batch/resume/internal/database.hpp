#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// An SQLite file. Failures throw `Error(storage)`, or `Error(bad_input)` for a file of another kind; both say what to
/// do.
class Database {
  public:
    enum class Access { read, write };

    /// Opens an existing file.
    Database(const std::string& path, Access access);

    void execute(const char* sql);

    /// Throws the error that `code` means, if it is one.
    void check(int code) const;

    sqlite3* handle() const noexcept { return database_.get(); }
    const std::string& path() const noexcept { return path_; }

  private:
    struct Close {
        void operator()(sqlite3* database) const noexcept { ::sqlite3_close_v2(database); }
    };
    std::string path_;
    std::unique_ptr<sqlite3, Close> database_;
};

/// A transaction. It is rolled back unless it was committed before it is destroyed.
class Transaction {
  public:
    explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() {
        if (!done_) ::sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    void commit() {
        database_.execute("COMMIT");
        done_ = true;
    }

  private:
    Database& database_;
    bool done_ = false;
};

/// A statement that can be run again and again. The database must outlive it.
class Statement {
  public:
    Statement(const Database& database, std::string_view sql);

    /// Places are numbered from 1. A text must outlive the step.
    void bind(int place, std::string_view text);
    void bind(int place, std::int64_t number);

    /// Returns true when there is a row to read. At the end, the statement can be bound and run again.
    bool step();

    /// Returns a column of the row. Columns are numbered from 0. Valid until the next step.
    std::string_view text(int column) const;
    std::int64_t number(int column) const;

    void reset() noexcept { ::sqlite3_reset(statement_.get()); }

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
    };
    const Database& database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace plait::batch::internal
