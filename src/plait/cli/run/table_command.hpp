#pragma once

#include "plait/batch/table/selection.hpp"
#include "plait/cli/flags/command.hpp"

#include <string>
#include <utility>
#include <vector>

namespace plait::cli {

/// `plait table`: writes results as a table for data tools.
class TableCommand final : public Command {
  public:
    std::string_view name() const override { return "table"; }
    std::string_view help() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { files_ = std::move(values); }
    int run() override;

  private:
    std::vector<std::string> files_;
    std::string output_;
    std::vector<batch::Selection> selections_;
    bool overwrite_ = false;
};

}  // namespace plait::cli
