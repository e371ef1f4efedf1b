#include "plait/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace plait::cli {

bool StandardError::is_terminal() const { return ::isatty(STDERR_FILENO) == 1; }

std::size_t StandardError::columns() const {
    constexpr std::size_t usual = 80;
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual;
    return size.ws_col;
}

void StandardError::write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace plait::cli
