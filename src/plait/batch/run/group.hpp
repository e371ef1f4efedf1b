#pragma once

#include "plait/async/semaphore.hpp"
#include "plait/base/clock.hpp"
#include "plait/policy/adaptive_limit.hpp"
#include "plait/policy/circuit_breaker.hpp"
#include "plait/policy/hedge.hpp"
#include "plait/policy/pace.hpp"
#include "plait/policy/retry_budget.hpp"
#include "plait/policy/server_limits.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace plait::batch {

/// What a group is made with.
class GroupOptions {
  public:
    GroupOptions() noexcept {}

    policy::PaceOptions pace;
    /// How the number of calls in flight finds itself; nothing: it does not.
    std::optional<policy::AdaptiveLimitOptions> in_flight;
    policy::RetryBudgetOptions retries;
    policy::HedgeOptions hedge;
};

/// The calls that share a pace: their limits, and what was learnt of their servers.
class Group {
  public:
    /// `places`, those of all groups, outlives it. In a running loop.
    Group(std::string_view name, const GroupOptions& options, Semaphore& places);

    const std::string name;
    policy::Pace pace;
    std::optional<policy::AdaptiveLimit> in_flight;
    policy::RetryBudget retries;
    policy::Hedge hedge;
    /// How many of its calls wait for their turn, how many after a failure, and how many attempts are on their way.
    std::size_t waiting = 0;
    std::size_t backing_off = 0;
    std::size_t on_their_way = 0;
    /// Of the one that began to back off last.
    policy::WaitReason why_backing_off;
};

/// A server, as far as it can be reached.
class Origin {
  public:
    /// `max_wait`: unreachable for longer than this, it is parked.
    explicit Origin(std::string_view name_, Duration max_wait) : name(name_), circuit({.max_wait = max_wait}) {}

    const std::string name;
    policy::CircuitBreaker circuit;
};

/// Things by their names, made when they are first needed. What nobody uses is forgotten after a while, so that a long
/// run over many names does not grow; references are counted.
template <class Thing>
class KeyedCache {
    struct Entry {
        std::unique_ptr<Thing> thing;
        std::size_t users = 0;
        TimePoint last_use{};
    };

  public:
    using Make = std::function<std::unique_ptr<Thing>(std::string_view name)>;

    /// Below so many names nothing is forgotten; nothing is that was used in the last `patience`.
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

    /// The thing of this name, which is kept as long as the use lives; the register outlives that.
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
