#pragma once

#include "plait/doctor/finding.hpp"
#include "plait/doctor/machine.hpp"
#include "plait/http/message/url.hpp"
#include "plait/http/proxy/proxy_settings.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace plait::doctor {

/// The run that the machine is to make.
class Plan {
  public:
    Plan() {}

    /// Calls in flight; nothing: a run finds out how many, up to `most_adaptive`.
    std::optional<std::size_t> concurrency;
    std::size_t most_adaptive = 1000;
    /// A server that is called; nothing: any.
    std::optional<http::Url> server;
    /// The file of results; empty: any in the working directory.
    std::string output;
    /// The file of certificates to trust instead of the system's; empty: the system's.
    std::string ca_file;

    std::size_t calls() const noexcept { return concurrency.value_or(most_adaptive); }
};

/// Makes all checks of the machine, other than those that need the server.
std::vector<Finding> check_machine(const Machine& machine, const Plan& plan);

// One each. Those that return nothing could not be made here: the kernel does not tell.

Finding check_descriptors(const Machine& machine, const Plan& plan);
std::optional<Finding> check_ports(const Machine& machine, const Plan& plan);
/// The kernel's table of connections, where a firewall keeps one.
std::optional<Finding> check_tracking(const Machine& machine, const Plan& plan);
Finding check_certificates(const Machine& machine, const Plan& plan);
Finding check_disk(const DiskTrial& trial);
Finding check_processors(const Machine& machine);
/// Threads and processes, where control groups limit them.
std::optional<Finding> check_tasks(const Machine& machine);
Finding check_memory(const Machine& machine);
Finding check_waits(const Machine& machine);

/// Says how calls go, through which proxy and why.
Finding check_proxies(const http::ProxySettings& settings, const Plan& plan);

}  // namespace plait::doctor
