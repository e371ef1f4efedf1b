#pragma once

#include "plait/batch/call/batch_format.hpp"
#include "plait/cli/flags/command.hpp"

#include <string>
#include <utility>
#include <vector>

namespace plait::cli {

/// `plait verify`: checks that each request has exactly one result.
class VerifyCommand final : public Command {
  public:
    std::string_view name() const override { return "verify"; }
    std::string_view help() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { files_ = std::move(values); }
    int run() override;

  private:
    std::vector<std::string> files_;
    batch::BatchFormat format_ = batch::BatchFormat::plait;
};

}  // namespace plait::cli
