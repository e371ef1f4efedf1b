#include "plait/http/body/body_parts.hpp"

#include "plait/base/error.hpp"
#include "plait/base/regular_file.hpp"
#include "plait/base/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

namespace plait::http {

void BodyParts::add_text(std::string text) {
    size_ += text.size();
    parts_.emplace_back(std::move(text));
}

void BodyParts::add_file(std::string path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) {
        throw_bad_input(fmt::format("open {}: {}", path, system_message(errno)));
    }
    if (!is_regular_file(file)) throw_bad_input(fmt::format("{} is not a plain file", path));
    add_file(File{std::move(path), static_cast<std::uint64_t>(status.st_size)});
}

void BodyParts::add_file(File file) {
    size_ += file.size;
    parts_.emplace_back(std::move(file));
}

}  // namespace plait::http
