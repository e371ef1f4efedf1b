#pragma once

#include "plait/cli/flags/command.hpp"
#include "plait/mock/mock_options.hpp"

#include <optional>

namespace plait::cli {

/// `plait mock`: an API server to rehearse against.
class MockCommand final : public Command {
  public:
    std::string_view name() const override { return "mock"; }
    std::string_view help() const override;
    std::string_view notes() const override;
    std::vector<Flag> flags() override;
    int run() override;

  private:
    std::vector<Flag> server_flags();
    std::vector<Flag> answer_flags();
    std::vector<Flag> limit_flags();
    std::vector<Flag> fault_flags();
    int serve(bool is_first_life);

    mock::MockOptions options_;
    std::optional<Duration> pause_;  ///< before a restart after a crash; none: no restart
    bool has_hosts_ = false;
};

}  // namespace plait::cli
