#pragma once

#include "plait/cli/flags/command.hpp"
#include "plait/report/read_inputs.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace plait::cli {

/// `plait report`: draws traces and results as a page, as text, or as SVG.
class ReportCommand final : public Command {
  public:
    std::string_view name() const override { return "report"; }
    std::string_view help() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { inputs_ = std::move(values); }
    int run() override;

  private:
    void print_text(const report::Inputs& inputs, const std::string& explanation) const;

    std::vector<std::string> inputs_;
    std::string output_;
    std::string svg_;
    bool text_ = false;
    bool ascii_ = false;
    std::optional<std::size_t> columns_;
};

}  // namespace plait::cli
