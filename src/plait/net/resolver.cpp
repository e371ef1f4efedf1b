#include "plait/net/resolver.hpp"

#include "plait/async/coordination/event.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

namespace plait::net {

namespace {

std::string look_up_reason(int code, int error_number) {
    switch (code) {
        case EAI_NONAME:
        case EAI_NODATA:
            return "no such host";
        case EAI_AGAIN:
            return "temporary failure in name resolution";
        case EAI_SYSTEM:
            return system_message(error_number);
        default:
            return ::gai_strerror(code);
    }
}

std::vector<Address> with_port(const std::vector<Address>& addresses, std::uint16_t port) {
    std::vector<Address> result;
    result.reserve(addresses.size());
    for (const Address& address : addresses) result.push_back(address.with_port(port));
    return result;
}

}  // namespace

std::vector<Address> look_up_by_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (code != 0) throw Error(ErrorCode::dns, look_up_reason(code, errno));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    std::vector<Address> addresses;
    for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) {
            addresses.emplace_back(entry->ai_addr, entry->ai_addrlen);
        }
    }
    return addresses;
}

/// A look-up that is running, and its result. The task that started it ends it, if only by being destroyed.
class Resolver::Pending {
  public:
    Event ended;
    /// Both are empty when it was abandoned.
    std::vector<Address> addresses;
    std::exception_ptr error;
};

Resolver::Resolver(ResolverOptions options)
    : options_(std::move(options)), threads_(ThreadPoolOptions{.threads = options_.threads}) {}

Resolver::~Resolver() = default;

Task<std::vector<Address>> Resolver::resolve(Endpoint endpoint) {
    if (auto literal = Address::parse(endpoint.host, endpoint.port)) co_return std::vector<Address>(1, *literal);
    for (;;) {
        if (const auto* kept = find_kept(endpoint.host)) co_return with_port(*kept, endpoint.port);
        std::shared_ptr<Pending> pending;
        if (const auto other = pending_.find(endpoint.host); other != pending_.end()) {
            pending = other->second;
            co_await pending->ended.wait();
        } else {
            pending = std::make_shared<Pending>();
            co_await look_up(endpoint.host, pending);
        }
        if (pending->error) std::rethrow_exception(pending->error);
        if (!pending->addresses.empty()) co_return with_port(pending->addresses, endpoint.port);
    }
}

Task<void> Resolver::look_up(std::string host, std::shared_ptr<Pending> pending) {
    class Registered {
      public:
        Registered(Resolver& resolver, const std::string& name, const std::shared_ptr<Pending>& entry)
            : resolver_(resolver), name_(name), entry_(entry) {
            resolver_.pending_.emplace(name, entry);
        }
        Registered(const Registered&) = delete;
        Registered& operator=(const Registered&) = delete;
        ~Registered() {
            resolver_.pending_.erase(name_);
            entry_->ended.set();
        }

      private:
        Resolver& resolver_;
        const std::string& name_;
        const std::shared_ptr<Pending>& entry_;
    };

    const Registered registered(*this, host, pending);
    try {
        LookUp function = options_.look_up;
        pending->addresses = co_await threads_.submit_abandonable(std::move(function), host);
        if (pending->addresses.empty()) throw Error(ErrorCode::dns, "no such host");
        keep(host, pending->addresses);
    } catch (const Error& error) {
        pending->error = std::make_exception_ptr(Error(error.code(), "resolve " + host + ": " + error.what()));
    }
}

const std::vector<Address>* Resolver::find_kept(const std::string& host) const {
    const auto entry = kept_.find(host);
    return entry != kept_.end() && now() < entry->second.until ? &entry->second.addresses : nullptr;
}

void Resolver::keep(const std::string& host, std::vector<Address> addresses) {
    kept_[host] = Kept{std::move(addresses), after(options_.keep)};
    if (kept_.size() <= options_.names) return;
    const auto oldest = std::min_element(kept_.begin(), kept_.end(),
                                         [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
    kept_.erase(oldest);
}

}  // namespace plait::net
