#pragma once

#include "plait/cli/flags/cluster_flags.hpp"
#include "plait/cli/flags/command.hpp"
#include "plait/cli/flags/session_flags.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::cli {

/// `plait worker`.
class WorkerCommand final : public Command {
  public:
    std::string_view name() const override { return "worker"; }
    std::string_view help() const override;
    std::vector<Flag> flags() override;
    std::string_view notes() const override;
    int run() override;

  private:
    ClusterSettings cluster_;
    SessionSettings settings_;
    std::optional<std::size_t> concurrency_;
    std::string only_run_;
    bool quiet_ = false;
};

}  // namespace plait::cli
