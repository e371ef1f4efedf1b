#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/net/address.hpp"
#include "plait/net/endpoint.hpp"
#include "plait/workers/thread_pool.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace plait::net {

/// Finds the addresses of a host, with port 0; blocks. It is called on any thread, and may still run when nobody waits
/// for it any more, so it must own all that it uses. Throws `Error(dns)` with only the reason as its text.
using LookUp = std::function<std::vector<Address>(const std::string& host)>;

/// Asks the system (getaddrinfo): files, name servers, whatever is configured.
std::vector<Address> look_up_by_system(const std::string& host);

/// The settings of a resolver.
struct ResolverOptions {
    ResolverOptions() {}

    LookUp look_up = look_up_by_system;

    /// How long addresses are cached. The system does not say how long they are valid; browsers assume a minute.
    Duration keep = std::chrono::minutes(1);

    /// The most names in the cache. Each takes about 200 bytes, and few programs call more hosts than this.
    std::size_t names = 1024;

    /// The most look-ups at a time. One that hangs blocks only its own thread.
    std::size_t threads = 16;
};

/// Looks up the addresses of hosts, for the tasks of one thread.
///
/// Tasks that ask for the same host at the same time share one look-up. Its result is cached for a while; a failure
/// reaches all that wait, and is not cached.
class Resolver {
  public:
    explicit Resolver(ResolverOptions options = {});
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver();

    /// Returns the addresses of `endpoint`, in the order in which to try them: at once when the host is a literal
    /// address or cached, and otherwise after a look-up on a thread. Throws `Error(dns)`. Cancelling it does not wait
    /// for the look-up; another task that waits for it starts it again. The resolver must outlive the task.
    Task<std::vector<Address>> resolve(Endpoint endpoint);

  private:
    struct Kept {
        std::vector<Address> addresses;
        TimePoint until;
    };
    class Pending;

    const std::vector<Address>* find_kept(const std::string& host) const;
    void keep(const std::string& host, std::vector<Address> addresses);
    Task<void> look_up(std::string host, std::shared_ptr<Pending> pending);

    const ResolverOptions options_;
    std::unordered_map<std::string, Kept> kept_;
    std::unordered_map<std::string, std::shared_ptr<Pending>> pending_;
    ThreadPool threads_;
};

}  // namespace plait::net
