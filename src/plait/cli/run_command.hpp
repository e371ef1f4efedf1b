#pragma once

#include "plait/batch/method/methods.hpp"
#include "plait/batch/method/status_request.hpp"
#include "plait/batch/method/stop_request.hpp"
#include "plait/batch/resume/run_files.hpp"
#include "plait/batch/run/runner.hpp"
#include "plait/batch/status/progress.hpp"
#include "plait/batch/status/run_monitor.hpp"
#include "plait/cli/calls_flags.hpp"
#include "plait/cli/command.hpp"
#include "plait/cli/session_flags.hpp"

#include <iosfwd>
#include <memory>
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
    std::vector<Flag> resuming_flags();
    std::vector<Flag> method_flags();
    std::vector<Flag> diagnosis_flags();
    void refuse_trace_path() const;
    bool replaces_trace() const;
    void refuse_bad_lines() const;
    batch::Settings settings_that_matter() const;
    std::unique_ptr<batch::RunFiles> open_files();
    void resume(batch::RunFiles& files, batch::ResumableSource& source);
    Task<int> conduct(batch::Source& source, batch::Method& method, batch::RunFiles& files, std::ostream& summary_file);
    void say_how_it_ended(batch::Screen& screen, const batch::Runner& runner, batch::RunEnd end) const;

    std::vector<std::string> inputs_;
    SessionSettings settings_;
    const batch::MethodEntry* method_ = &batch::methods.front();
    CallsSettings calls_;
    batch::RunnerOptions runner_;
    batch::StopRequest stop_;
    batch::StatusRequest status_;
    std::string output_;
    batch::RunFilesOptions files_;
    bool repeat_unknown_ = false;
    bool strict_ = false;
    bool quiet_ = false;
    std::string summary_path_;
    std::string trace_path_;
};

}  // namespace plait::cli
