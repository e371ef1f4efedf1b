#include "plait/cli/screen/terminal.hpp"

#include "plait/cli/screen/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace plait::cli {

namespace {

constexpr std::size_t usual_columns = 80;

}  // namespace

std::optional<std::size_t> terminal_columns(int descriptor) {
    if (::isatty(descriptor) != 1) return std::nullopt;
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual_columns;
    return size.ws_col;
}

bool StandardError::is_terminal() const { return terminal_columns(STDERR_FILENO).has_value(); }

std::size_t StandardError::columns() const { return terminal_columns(STDERR_FILENO).value_or(usual_columns); }

void StandardError::write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

bool StandardOutput::is_terminal() const { return terminal_columns(STDOUT_FILENO).has_value(); }

std::size_t StandardOutput::columns() const { return terminal_columns(STDOUT_FILENO).value_or(usual_columns); }

void StandardOutput::write(std::string_view text) { print(stdout, text); }

}  // namespace plait::cli
