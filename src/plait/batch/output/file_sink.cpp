#include "plait/batch/output/file_sink.hpp"

#include "plait/base/create_file.hpp"
#include "plait/base/error.hpp"
#include "plait/base/regular_file.hpp"
#include "plait/base/standard_stream.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace plait::batch {

FileSink::FileSink(UniqueFd output, std::string name, bool durable) : name_(std::move(name)), durable_(durable) {
    if (is_regular_file(output)) {
        file_ = std::move(output);
    } else {
        waited_for_ = std::make_unique<Descriptor>(std::move(output));
    }
}

std::unique_ptr<FileSink> FileSink::create(const std::string& path, bool overwrite) {
    return std::make_unique<FileSink>(create_file(path, overwrite), path);
}

std::unique_ptr<FileSink> FileSink::standard_output() {
    UniqueFd output = reopen_standard_stream(STDOUT_FILENO);
    if (!output) throw Error(ErrorCode::storage, fmt::format("open standard output: {}", system_message(errno)));
    return std::make_unique<FileSink>(std::move(output), "standard output");
}

Task<bool> FileSink::write(std::string_view lines) {
    const int fd = waited_for_ ? waited_for_->fd() : file_.get();
    std::size_t written = 0;
    while (written < lines.size()) {
        const ssize_t taken = ::write(fd, lines.data() + written, lines.size() - written);
        if (taken >= 0) {
            written += static_cast<std::size_t>(taken);
        } else if (errno == EAGAIN && waited_for_) {
            waited_for_->set_filled();
            co_await waited_for_->writable();
        } else if (errno == EPIPE) {
            co_return false;
        } else if (errno != EINTR) {
            fail(errno, lines.substr(0, written));
        }
    }
    if (file_ && durable_) sync();
    co_return true;
}

// A failed sync is not repeated, because the kernel then forgets what it has not written.
void FileSink::sync() {
    while (::fdatasync(file_.get()) != 0) {
        if (errno != EINTR) {
            throw Error(ErrorCode::storage, fmt::format("sync {}: {}", name_, system_message(errno)));
        }
    }
}

void FileSink::fail(int error_number, std::string_view written) {
    const std::size_t torn = written.size() - (written.rfind('\n') + 1);
    if (file_ && torn > 0) {
        const off_t end = ::lseek(file_.get(), 0, SEEK_CUR);
        // If this fails, too, the line stays torn: there is nothing left to try.
        [[maybe_unused]] const int cut = ::ftruncate(file_.get(), end - static_cast<off_t>(torn));
    }
    throw Error(ErrorCode::storage, fmt::format("write {}: {}", name_, system_message(error_number)));
}

}  // namespace plait::batch
