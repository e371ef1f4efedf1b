#pragma once

#include "plait/batch/call/secrets.hpp"
#include "plait/batch/check/check.hpp"
#include "plait/batch/check/forecast.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/cli/flags/calls_flags.hpp"
#include "plait/cli/flags/command.hpp"
#include "plait/cli/flags/route_flags.hpp"

#include <string>
#include <vector>

namespace plait::cli {

/// `plait check`: finds invalid requests and estimates time and cost. Sends nothing.
class CheckCommand final : public Command {
  public:
    std::string_view name() const override { return "check"; }
    std::string_view help() const override;
    std::string_view notes() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { inputs_ = std::move(values); }
    int run() override;

  private:
    Flag header_flag();

    std::vector<std::string> inputs_;
    batch::RequestDefaults defaults_;
    batch::ForecastOptions forecast_;
    batch::Secrets secrets_;
    ProxyChoice proxies_;
    CallsSettings calls_;
    bool as_json_ = false;
};

}  // namespace plait::cli
