#pragma once

#include "plait/batch/status/progress.hpp"

#include <cstddef>
#include <optional>

namespace plait::cli {

/// How wide the terminal behind a descriptor is; nothing when there is none.
std::optional<std::size_t> terminal_columns(int descriptor);

/// Standard error, as a place to show progress.
class StandardError final : public batch::Screen {
  public:
    bool is_terminal() const override;
    std::size_t columns() const override;
    void write(std::string_view text) override;
};

/// Standard output, the same.
class StandardOutput final : public batch::Screen {
  public:
    bool is_terminal() const override;
    std::size_t columns() const override;
    /// Throws `Error(storage)` when it can't.
    void write(std::string_view text) override;
};

}  // namespace plait::cli
