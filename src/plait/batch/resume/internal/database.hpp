#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// An SQLite file. What fails throws `Error`: `storage`, or `bad_input` for a file that is of another kind; both say
/// what to do.
class Database {
  public:
    enum class Access { read, write };

    /// The file has to be there.
    Database(const std::string& path, Access access);

    void execute(const char* sql);

    /// Throws what `code` means, unless it is good.
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

/// One statement, to be run again and again. The database outlives it.
class Statement {
  public:
    Statement(const Database& database, std::string_view sql);

    /// Values are numbered from 1; texts outlive the step.
    void bind(int place, std::string_view text);
    void bind(int place, std::int64_t number);

    /// True when there is a row to look at; at the end it can be bound and run anew.
    bool step();

    /// Of the row, numbered from 0. Valid until the next step.
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
