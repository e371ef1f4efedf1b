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

/// Finds the addresses of a host, with port 0, and blocks meanwhile. Called on any thread, and perhaps after nobody
/// waits for it any more: it uses only what it owns. Throws an `Error(dns)` whose text is only the reason.
using LookUp = std::function<std::vector<Address>(const std::string& host)>;

/// Asks the system, as every other program does: files, name servers, whatever is configured (getaddrinfo).
std::vector<Address> look_up_by_system(const std::string& host);

/// What a resolver is made with.
struct ResolverOptions {
    ResolverOptions() {}

    LookUp look_up = look_up_by_system;

    /// How long addresses are used again. The system does not tell how long they are valid; browsers take a minute.
    Duration keep = std::chrono::minutes(1);

    /// How many names are kept. One takes some 200 bytes, and few programs call more hosts than this.
    std::size_t names = 1024;

    /// How many look-ups run at the same time. One that hangs keeps its thread: the others go on.
    std::size_t threads = 16;
};

/// Turns hosts into addresses, for the tasks of one thread.
///
/// Those who ask for the same host at the same time share one look-up, and what it gave is kept for a while. A failure
/// is told to all who wait and not kept.
class Resolver {
  public:
    explicit Resolver(ResolverOptions options = {});
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver();

    /// The addresses of `endpoint`, in the order in which to try them. An address that is spelled out, or kept, is
    /// there at once, without a thread. Throws `Error(dns)`. Cancelling leaves at once; another who waits then begins
    /// anew. The resolver must outlive the task.
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
