#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace plait::mock {

/// Reserves a port for servers that come and go: no other program gets it meanwhile, and connections are refused.
class PortReservation {
  public:
    /// Port 0: the system chooses one. Throws `Error(bad_input)` when it is not available at one of these addresses.
    PortReservation(const std::vector<std::string>& hosts, std::uint16_t port);

    std::uint16_t port() const noexcept { return port_; }

  private:
    std::vector<UniqueFd> sockets_;
    std::uint16_t port_;
};

/// Runs `serve` in a child process, and restarts it in a new one, after `pause`, whenever a signal has ended it.
///
/// `serve(life)` gets 0 in the first child, 1 in the second, and so on. In the child, its result is returned, and the
/// program continues from there. In the parent, the exit code of the first child that ended by itself is returned.
/// SIGINT and SIGTERM are passed on to the child; without a child, the parent returns 0. A child does not outlive its
/// parent. Call it before the process has threads. Throws `Error(storage)` when a child can't be started.
int keep_serving(Duration pause, const std::function<int(int life)>& serve);

}  // namespace plait::mock
