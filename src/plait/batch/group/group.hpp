#pragma once

#include "plait/async/coordination/semaphore.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/message/response.hpp"
#include "plait/policy/adaptive_limit.hpp"
#include "plait/policy/circuit_breaker.hpp"
#include "plait/policy/fixed_limit.hpp"
#include "plait/policy/hedge.hpp"
#include "plait/policy/pace/pace.hpp"
#include "plait/policy/pace/server_limits.hpp"
#include "plait/policy/retry_budget.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace plait::batch {

/// The options of a group.
class GroupOptions {
  public:
    GroupOptions() noexcept {}

    policy::PaceOptions pace;
    /// Nothing: the group has no concurrency limit of its own.
    std::optional<policy::AdaptiveLimitOptions> in_flight;
    policy::RetryBudgetOptions retries;
    policy::HedgeOptions hedge;
};

/// Calls that share limits: the limits, and what was learnt of their servers.
class Group {
  public:
    /// `slots` are those of all groups, and outlive it. In a running loop.
    Group(std::string_view name, const GroupOptions& options, Semaphore& slots);

    const std::string name;
    policy::Pace pace;
    std::optional<policy::AdaptiveLimit> in_flight;
    policy::RetryBudget retries;
    policy::Hedge hedge;
    /// Calls that wait for a send permit; calls that back off; attempts in flight.
    std::size_t waiting = 0;
    std::size_t backing_off = 0;
    std::size_t on_their_way = 0;
    /// Why the call waits that began to back off last.
    policy::WaitReason why_backing_off;
    /// The version of the last answer; none before the first.
    std::optional<http::HttpVersion> http_version{};
};

/// A server, whether it can be reached, and how many calls it may have in flight.
class Origin {
  public:
    /// `max_wait`: calls are parked when it is unreachable for longer than this. `most`: nothing: any number.
    Origin(std::string_view name_, Duration max_wait, std::optional<std::size_t> most)
        : name(name_), circuit({.max_wait = max_wait}) {
        if (most) in_flight.emplace(*most);
    }

    const std::string name;
    policy::CircuitBreaker circuit;
    std::optional<policy::FixedLimit> in_flight;
};

/// A cache of things by their names. A thing is made when it is first needed, and forgotten some time after its last
/// use, so that a long run over many names does not grow. References are counted.
template <class Thing>
class KeyedCache {
    struct Entry {
        std::unique_ptr<Thing> thing;
        std::size_t users = 0;
        TimePoint last_use{};
    };

  public:
    using Make = std::function<std::unique_ptr<Thing>(std::string_view name)>;

    /// With fewer names than this, nothing is forgotten.
    static constexpr std::size_t kept_at_least = 1000;

    explicit KeyedCache(Make make, Duration patience) : make_(std::move(make)), patience_(patience) {}

    class Ref {
      public:
        Ref(Ref&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
        Ref& operator=(Ref&&) = delete;
        ~Ref() {
            if (entry_) --entry_->users;
        }
        Thing& operator*() const noexcept { return *entry_->thing; }
        Thing* operator->() const noexcept { return entry_->thing.get(); }

      private:
        friend class KeyedCache;
        explicit Ref(Entry& entry) noexcept : entry_(&entry) { ++entry.users; }
        Entry* entry_;
    };

    /// Returns the thing of this name, which is kept as long as the reference lives. The cache outlives it.
    Ref use(std::string_view name, TimePoint now) {
        if (latest_ && latest_->first == name) {  // most calls follow one of the same
            latest_->second.last_use = now;
            return Ref(latest_->second);
        }
        const auto found = entries_.find(name);
        if (found != entries_.end()) {
            latest_ = &*found;
            found->second.last_use = now;
            return Ref(found->second);
        }
        if (entries_.size() >= sweep_at_) forget_unused(now);
        Entry& entry = entries_.try_emplace(std::string(name)).first->second;
        entry.thing = make_(name);
        entry.last_use = now;
        return Ref(entry);
    }

    std::size_t size() const noexcept { return entries_.size(); }

    template <class Visit>
    void each(Visit visit) const {
        for (const auto& [name, entry] : entries_) visit(*entry.thing);
    }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };

    void forget_unused(TimePoint now) {
        latest_ = nullptr;
        std::erase_if(entries_, [&](const auto& named) {
            return named.second.users == 0 && now - named.second.last_use > patience_;
        });
        sweep_at_ = std::max(kept_at_least, 2 * entries_.size());
    }

    Make make_;
    Duration patience_;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
    std::pair<const std::string, Entry>* latest_ = nullptr;
    std::size_t sweep_at_ = kept_at_least;
};

}  // namespace plait::batch
