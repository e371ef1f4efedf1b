#pragma once

#include "plait/cli/flags/cluster_flags.hpp"
#include "plait/cli/flags/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::cli {

/// `plait cluster`.
class ClusterCommand final : public Command {
  public:
    std::string_view name() const override { return "cluster"; }
    std::string_view help() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { words_ = std::move(values); }
    int run() override;

  private:
    int show_status();

    std::vector<std::string> words_;
    ClusterSettings cluster_;
};

}  // namespace plait::cli
