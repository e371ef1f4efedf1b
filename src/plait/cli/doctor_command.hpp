#pragma once

#include "plait/batch/call/secrets.hpp"
#include "plait/cli/flags/command.hpp"
#include "plait/cli/flags/route_flags.hpp"
#include "plait/doctor/checks.hpp"

#include <string>
#include <utility>
#include <vector>

namespace plait::cli {

/// `plait doctor`: what is wrong with this machine for a large run.
class DoctorCommand final : public Command {
  public:
    std::string_view name() const override { return "doctor"; }
    std::string_view help() const override;
    std::string_view notes() const override;
    std::vector<Flag> flags() override;
    Positional positional() const override;
    void set_positional(std::vector<std::string> values) override { urls_ = std::move(values); }
    int run() override;

  private:
    std::vector<doctor::Finding> check_ways() const;
    void ask_server(const http::ProxySettings& proxies, std::vector<doctor::Finding>& findings) const;

    std::vector<std::string> urls_;
    doctor::Plan plan_;
    ProxyChoice proxies_;
    batch::Secrets secrets_;
    bool as_json_ = false;
};

}  // namespace plait::cli
