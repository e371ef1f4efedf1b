#include "plait/http/body/saved_body.hpp"

#include "plait/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace plait::http {

namespace {

constexpr std::string_view unfinished_prefix = ".plait-";
constexpr std::string_view unfinished_suffix = ".part";

/// Bytes come in pieces of at most this size, as they are read: a block takes no more room than it needs.
constexpr std::size_t usual_piece = 64 * 1024;

std::string unfinished_path(const std::string& folder) {
    static std::atomic<std::uint64_t> count = 0;
    return fmt::format("{}/{}{}-{}{}", folder, unfinished_prefix, ::getpid(), ++count, unfinished_suffix);
}

[[noreturn]] void fail(std::string_view what, const std::string& path) {
    throw Error(ErrorCode::storage,
                fmt::format("{} {}, the file of a large body: {}", what, path, system_message(errno)));
}

/// The lock says that the file is in use: it ends with its process.
UniqueFd open_locked(const std::string& path, int flags) {
    UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) file.reset();
    return file;
}

}  // namespace

SavedBody::SavedBody(const std::string& folder) {
    // A process of the same number may have left a file.
    do {
        path_ = unfinished_path(folder);
        file_ = open_locked(path_, O_WRONLY | O_CREAT | O_EXCL);
    } while (!file_ && errno == EEXIST);
    if (!file_) fail("create", path_);
}

SavedBody::SavedBody(std::string path, std::uint64_t size)
    : path_(std::move(path)), file_(open_locked(path_, O_WRONLY)), size_(size) {}

SavedBody::~SavedBody() {
    if (!is_kept_) ::unlink(path_.c_str());
}

void SavedBody::append(std::string_view bytes) {
    if (!pending_.empty() && pending_.size() + bytes.size() > most_pending) flush();
    if (pending_.empty()) pending_.reserve(block_bytes + std::max(bytes.size(), usual_piece));
    pending_ += bytes;
    size_ += bytes.size();
}

SavedBody::Block SavedBody::take_block() {
    const std::uint64_t offset = size_ - pending_.size();
    return {offset, std::exchange(pending_, std::string())};
}

void SavedBody::write(const Block& block) const {
    std::string_view bytes = block.bytes;
    for (std::uint64_t offset = block.offset; !bytes.empty();) {
        const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write", path_);
        offset += static_cast<std::uint64_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void SavedBody::flush() {
    if (!pending_.empty()) write(take_block());
}

void SavedBody::keep_as(std::string_view name, bool durable) {
    flush();
    if (durable && ::fdatasync(file_.get()) != 0) fail("sync", path_);
    std::string path = path_.substr(0, path_.rfind('/') + 1);
    path += name;
    if (std::rename(path_.c_str(), path.c_str()) != 0) fail("rename", path_);
    path_ = std::move(path);
    is_kept_ = true;
    file_.reset();
}

std::string SavedBody::release() {
    flush();
    is_kept_ = true;
    file_.reset();
    return path_;
}

void remove_abandoned_bodies(const std::string& folder) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(unfinished_prefix) || !name.ends_with(unfinished_suffix)) continue;
        const UniqueFd unused = open_locked(entry.path().string(), O_WRONLY);
        if (unused) ::unlink(entry.path().c_str());
    }
}

}  // namespace plait::http
