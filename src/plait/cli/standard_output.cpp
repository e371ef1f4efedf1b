#include "plait/cli/standard_output.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

namespace plait::cli {

void print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
        throw Error(ErrorCode::storage, fmt::format("write standard output: {}", system_message(errno)));
    }
}

}  // namespace plait::cli
