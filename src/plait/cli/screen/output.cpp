#include "plait/cli/screen/output.hpp"

#include "plait/base/create_file.hpp"
#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

namespace plait::cli {

void write_file(const std::string& path, std::string_view text) {
    if (path == standard_output) return print(stdout, text);
    const UniqueFd file = create_file(path, true);
    while (!text.empty()) {
        const ssize_t taken = ::write(file.get(), text.data(), text.size());
        if (taken >= 0) {
            text.remove_prefix(static_cast<std::size_t>(taken));
        } else if (errno != EINTR) {
            throw Error(ErrorCode::storage, fmt::format("write {}: {}", path, system_message(errno)));
        }
    }
}

void print(std::FILE* stream, std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stream) != text.size() || std::fflush(stream) != 0) {
        if (errno == EPIPE && stream == stdout) throw OutputUnread();
        throw Error(ErrorCode::storage,
                    fmt::format("write standard {}: {}", stream == stdout ? "output" : "error", system_message(errno)));
    }
}

}  // namespace plait::cli
