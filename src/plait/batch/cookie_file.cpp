#include "plait/batch/cookie_file.hpp"

#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/http/cookies/cookie_text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace plait::batch {

namespace {

/// More than a full jar needs.
constexpr std::size_t largest_file = 32 * 1024 * 1024;

[[noreturn]] void fail(std::string_view what, const std::string& path) {
    throw Error(ErrorCode::storage, fmt::format("{} {}: {}", what, path, system_message(errno)));
}

void write_all(int file, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write", path);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// Replaces the file `path` all at once.
void replace(const std::string& path, const std::string& text) {
    // Beside the file, so that it can be renamed: whoever reads the file meanwhile sees the old one or the new one.
    const std::string fresh = fmt::format("{}.{}-new", path, ::getpid());
    const UniqueFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) fail("create", fresh);
    try {
        write_all(file.get(), text, fresh);
        if (::fdatasync(file.get()) != 0) fail("sync", fresh);  // or a power cut could leave an empty file
        if (::rename(fresh.c_str(), path.c_str()) != 0) fail("replace", path);
    } catch (const Error&) {
        ::unlink(fresh.c_str());
        throw;
    }
}

}  // namespace

CookieFile::CookieFile(std::string path, http::CookieJar& jar) : path_(std::move(path)), jar_(jar) {
    std::error_code error;
    if (std::filesystem::exists(path_, error)) {
        const std::string text = read_file(path_, largest_file);
        try {
            http::read_netscape(text, jar_);
        } catch (const Error& trouble) {
            throw_bad_input(fmt::format("{}: {}", path_, trouble.what()));
        }
    }
    save();
}

void CookieFile::save() const { replace(path_, http::to_netscape(jar_)); }

Task<void> CookieFile::keep() {
    std::uint64_t saved = jar_.changes();
    for (;;) {
        co_await sleep_for(std::chrono::seconds(1));
        if (jar_.changes() == saved) continue;
        const std::uint64_t changes = jar_.changes();
        std::string text = http::to_netscape(jar_);
        try {
            co_await threads_.submit(replace, path_, std::move(text));
            saved = changes;
        } catch (const Error&) {
            // Tried again in a second.
        }
    }
}

}  // namespace plait::batch
