#include "plait/batch/resume/internal/database.hpp"

#include "plait/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

namespace plait::batch::internal {

namespace {

/// How long to wait for another program, such as the sqlite3 shell, that holds the file.
constexpr int patience_ms = 5000;

constexpr std::string_view what_to_do(int code) {
    if (code == SQLITE_IOERR_SHMMAP || code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMSIZE)
        return "its file system can't share memory between programs; read it where it was written";
    switch (code & 0xff) {
        case SQLITE_FULL:
            return "make room, then repeat the command to resume";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another program has locked it; end that program";
        case SQLITE_CORRUPT:
            return "it is damaged, so requests sent without a result are no longer known; --overwrite starts over";
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
            return "it and its folder must be writable";
        default:
            return "the disk may be faulty; once it works, repeat the command to resume";
    }
}

/// Whether nobody can be writing the file: SQLite would need a writable folder to share it with others.
bool is_immutable(const std::string& path) {
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    const bool is_writable = ::faccessat(AT_FDCWD, parent.empty() ? "." : parent.c_str(), W_OK, AT_EACCESS) == 0;
    return !is_writable && ::access((path + "-wal").c_str(), F_OK) != 0;
}

std::string immutable_uri(const std::string& path) {
    std::string uri = "file:";
    for (const char c : std::filesystem::absolute(path).string()) {
        const bool is_special = c == '%' || c == '?' || c == '#';
        uri += is_special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
    }
    return uri + "?immutable=1";
}

}  // namespace

Database::Database(const std::string& path, Access access) : path_(path) {
    sqlite3* opened = nullptr;
    const bool is_fixed = access == Access::read && is_immutable(path);
    const int flags = access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    const int code = ::sqlite3_open_v2(is_fixed ? immutable_uri(path).c_str() : path.c_str(), &opened,
                                       flags | SQLITE_OPEN_NOMUTEX | (is_fixed ? SQLITE_OPEN_URI : 0), nullptr);
    database_.reset(opened);
    check(code);
    ::sqlite3_extended_result_codes(opened, 1);
    ::sqlite3_busy_timeout(opened, patience_ms);
}

void Database::execute(const char* sql) { check(::sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr)); }

void Database::check(int code) const {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    if ((code & 0xff) == SQLITE_NOTADB) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("{} is not a state file of plait: move it away, or name other results", path_));
    }
    throw Error(ErrorCode::storage,
                fmt::format("state file {}: {}: {}", path_, ::sqlite3_errmsg(handle()), what_to_do(code)));
}

Statement::Statement(const Database& database, std::string_view sql) : database_(database) {
    sqlite3_stmt* prepared = nullptr;
    database.check(::sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr));
    statement_.reset(prepared);
}

void Statement::bind(int place, std::string_view text) {
    const char* data = text.data() ? text.data() : "";
    database_.check(::sqlite3_bind_text64(statement_.get(), place, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int place, std::int64_t number) {
    database_.check(::sqlite3_bind_int64(statement_.get(), place, number));
}

bool Statement::step() {
    const int code = ::sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    ::sqlite3_reset(statement_.get());
    database_.check(code);
    return false;
}

std::string_view Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(::sqlite3_column_text(statement_.get(), column));
    return data ? std::string_view(data, static_cast<std::size_t>(::sqlite3_column_bytes(statement_.get(), column)))
                : std::string_view();
}

std::int64_t Statement::number(int column) const { return ::sqlite3_column_int64(statement_.get(), column); }

}  // namespace plait::batch::internal
