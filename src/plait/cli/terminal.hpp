#pragma once

#include "plait/batch/progress.hpp"

namespace plait::cli {

/// Standard error, as a place to show progress.
class StandardError final : public batch::Screen {
  public:
    bool is_terminal() const override;
    std::size_t columns() const override;
    void write(std::string_view text) override;
};

}  // namespace plait::cli
