#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/run.hpp"
#include "plait/batch/status/progress.hpp"
#include "plait/cli/flags/calls_flags.hpp"
#include "plait/cli/flags/cluster_flags.hpp"
#include "plait/cli/flags/command.hpp"
#include "plait/cli/flags/session_flags.hpp"
#include "plait/cli/run/run_page.hpp"

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace plait::cli {

/// `plait run`: a file of requests in, a line for every answer out.
class RunCommand final : public Command {
  public:
    std::string_view name() const override { return "run"; }
    std::string_view help() const override;
    std::string_view notes() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { inputs_ = std::move(values); }
    int run() override;

  private:
    std::vector<Flag> output_flags();
    OtherBody take_body_format();
    std::vector<Flag> resuming_flags();
    std::vector<Flag> method_flags();
    std::vector<Flag> diagnosis_flags();
    std::string flags_of_the_run() const;
    int write_requests() const;
    void join_cluster();
    void refuse_bad_lines() const;
    Task<int> conduct(batch::Run& run, std::ostream& summary_file);
    void write_summary(const batch::RunNumbers& numbers, std::ostream& file) const;
    void say_how_it_ended(batch::Screen& screen, batch::Run& run, batch::RunEnd end) const;

    std::vector<std::string> inputs_;
    SessionSettings settings_;
    CallsSettings calls_;
    batch::RunOptions& options_ = calls_.run;
    http::BodyFolder body_folder_;  ///< an empty path: none
    bool inline_max_given_ = false;
    std::string output_;  ///< empty: standard output
    bool strict_ = false;
    std::string dry_run_;  ///< empty: the calls are made
    ClusterSettings cluster_;
    bool method_given_ = false;
    bool quiet_ = false;
    std::string summary_path_;
    std::optional<std::uint16_t> page_port_;  ///< nothing: no page; 0: any
    std::optional<RunPage> page_;
};

}  // namespace plait::cli
