#include "plait/batch/table/output_file.hpp"

#include "plait/base/create_file.hpp"
#include "plait/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace plait::batch {

namespace {

[[noreturn]] void fail(std::string_view action, const std::string& path) {
    throw Error(ErrorCode::storage, fmt::format("{} {}: {}", action, path, system_message(errno)));
}

}  // namespace

OutputFile::OutputFile(std::string path, bool overwrite) : path_(std::move(path)) {
    if (path_ == "-") {
        path_ = "standard output";
        is_standard_output_ = true;
        file_ = UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
        if (!file_) fail("write", path_);
        return;
    }
    std::error_code ignored;
    const bool exists = std::filesystem::exists(path_, ignored);
    if (exists && !std::filesystem::is_regular_file(path_, ignored)) {
        file_ = create_file(path_, false);
        return;
    }
    if (exists && !overwrite) throw_bad_input(fmt::format("{} exists: --overwrite replaces it", path_));
    part_ = path_ + ".part";
    file_ = create_file(part_, true);
}

OutputFile::~OutputFile() {
    if (!part_.empty()) ::unlink(part_.c_str());
}

void OutputFile::write(std::string_view text) {
    size_ += text.size();
    while (!text.empty()) {
        const ssize_t taken = ::write(file_.get(), text.data(), text.size());
        if (taken >= 0) {
            text.remove_prefix(static_cast<std::size_t>(taken));
        } else if (errno == EPIPE && is_standard_output_) {
            throw OutputUnread();
        } else if (errno != EINTR) {
            fail("write", path_);
        }
    }
}

void OutputFile::finish() {
    if (part_.empty()) return;
    if (::close(file_.release()) != 0) fail("write", path_);
    if (std::rename(part_.c_str(), path_.c_str()) != 0) fail("write", path_);
    part_.clear();
}

}  // namespace plait::batch
