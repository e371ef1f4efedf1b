#pragma once

#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/output/result_filter.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/resume/settings.hpp"
#include "plait/batch/sources/row_lines.hpp"
#include "plait/cli/flags/command.hpp"

#include <cstdint>
#include <map>
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
    struct Chosen {
        batch::LineSet lines;
        batch::LineSet unknown;  ///< of these: their outcome was never learnt
    };
    /// The jobs of selected requests.
    struct StartedJobs {
        StartedJobs() {}

        std::map<std::uint64_t, std::string> poll_urls;  ///< by line; without those that are taken up
        batch::LineSet unknown;
        batch::Settings settings;  ///< of the run
        std::uint64_t taken_up = 0;
    };

    int write_rows(const std::string& requests, batch::RequestDefaults defaults, const batch::LineSet& lines,
                   StartedJobs& jobs) const;
    Chosen chosen_lines() const;
    StartedJobs started_jobs(const Chosen& chosen) const;
    static batch::LineChange take_up(StartedJobs& jobs, batch::BatchFormat format);
    static std::string taken_up(const StartedJobs& jobs);
    static void warn_of_other_jobs(const StartedJobs& jobs);
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
