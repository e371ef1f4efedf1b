#pragma once

#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/output/result_filter.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/cli/flags/command.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::cli {

/// `plait retry`: selects requests by their results.
class RetryCommand final : public Command {
  public:
    std::string_view name() const override { return "retry"; }
    std::string_view help() const override;
    std::vector<Flag> flags() override;
    std::string_view notes() const override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { results_ = std::move(values); }
    int run() override;

  private:
    int write_rows(const std::string& requests, batch::RequestDefaults defaults, const batch::LineSet& lines) const;
    batch::LineSet chosen_lines() const;
    void warn_of_started_jobs(const batch::LineSet& lines) const;
    std::string requests_path() const;

    std::vector<std::string> results_;
    /// A result is selected if any of them matches.
    std::vector<batch::ResultFilter> filters_;
    std::string requests_;
    std::string output_;
    bool overwrite_ = false;
    batch::BatchFormat format_ = batch::BatchFormat::plait;
};

}  // namespace plait::cli
