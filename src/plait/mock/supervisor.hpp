#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace plait::mock {

/// Keeps a port for servers that come and go: nobody else gets it meanwhile, and whoever connects is refused.
class PortReservation {
  public:
    /// Port 0: the system chooses one. Throws `Error(bad_input)` when it can't be had at one of these addresses.
    PortReservation(const std::vector<std::string>& hosts, std::uint16_t port);

    std::uint16_t port() const noexcept { return port_; }

  private:
    std::vector<UniqueFd> sockets_;
    std::uint16_t port_;
};

/// Runs `serve` in a child process, and in another one, `pause` later, whenever a signal has ended it.
///
/// `serve(life)` gets 0 in the first child, 1 in the second. Its value is returned in the child, which goes on from
/// there as the program would; in the parent it is the exit code of the first child that ended by itself. SIGINT and
/// SIGTERM are passed on to the child; when there is none, the parent ends with 0. A child does not outlive its parent.
/// To be called before the process has threads. Throws `Error(storage)` when there can be no child.
int keep_serving(Duration pause, const std::function<int(int life)>& serve);

}  // namespace plait::mock
