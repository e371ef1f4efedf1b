#pragma once

#include "plait/cli/flags/command.hpp"
#include "plait/cli/screen/status_view.hpp"

#include <string>
#include <utility>
#include <vector>

namespace plait::cli {

/// `plait status`: shows a run from another terminal, or after its end.
class StatusCommand final : public Command {
  public:
    explicit StatusCommand(ReadStatus read) : read_(std::move(read)) {}

    std::string_view name() const override { return "status"; }
    std::string_view help() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { results_ = std::move(values); }
    int run() override;

  private:
    ReadStatus read_;
    std::vector<std::string> results_;
    bool watch_ = false;
    bool as_json_ = false;
};

}  // namespace plait::cli
