#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/cli/flags/command.hpp"
#include "plait/cli/flags/session_flags.hpp"
#include "plait/compare/comparer.hpp"
#include "plait/compare/jobs/job.hpp"
#include "plait/compare/measure/sample.hpp"
#include "plait/compare/measure/work.hpp"
#include "plait/http/redirects.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plait::cli {

/// `plait compare`: measures the same work with each method.
class CompareCommand final : public Command {
  public:
    std::string_view name() const override { return "compare"; }
    std::string_view help() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { inputs_ = std::move(values); }
    int run() override;

  private:
    void check_flags() const;
    compare::Sample sampled() const;
    void refuse_unsafe(const std::vector<batch::Call>& calls, std::size_t times) const;
    std::vector<compare::Way> ways() const;
    std::unique_ptr<compare::Work> make_work(std::size_t times) const;
    compare::PythonCommand python_command(const compare::Work& work) const;
    static Task<bool> measure(compare::Comparer& comparer);
    int report(const compare::Comparer& comparer, bool finished) const;
    void show(const compare::Comparison& comparison) const;

    std::vector<std::string> inputs_;
    SessionSettings settings_;
    http::RedirectOptions redirects_;
    std::vector<const batch::MethodEntry*> methods_;
    std::vector<std::size_t> concurrencies_;
    std::optional<std::size_t> sample_;
    std::size_t repetitions_ = 1;
    bool yes_repeat_unsafe_ = false;
    std::optional<compare::Job> job_;
    std::optional<std::size_t> jobs_;
    bool with_python_ = false;
    bool json_ = false;
    std::string trace_folder_;
};

}  // namespace plait::cli
