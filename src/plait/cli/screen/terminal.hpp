#pragma once

#include "plait/batch/status/progress.hpp"

#include <cstddef>
#include <optional>

namespace plait::cli {

/// The width of the terminal behind a descriptor; nothing if it is not a terminal.
std::optional<std::size_t> terminal_columns(int descriptor);

/// Standard error as a screen.
class StandardError final : public batch::Screen {
  public:
    bool is_terminal() const override;
    std::size_t columns() const override;
    void write(std::string_view text) override;
};

/// Standard output as a screen.
class StandardOutput final : public batch::Screen {
  public:
    bool is_terminal() const override;
    std::size_t columns() const override;
    /// Throws `Error(storage)`.
    void write(std::string_view text) override;
};

}  // namespace plait::cli
