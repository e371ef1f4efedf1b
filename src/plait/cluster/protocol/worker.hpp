#pragma once

#include "plait/base/clock.hpp"
#include "plait/cluster/protocol/messages.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace plait::cluster {

class WorkerOptions {
  public:
    WorkerOptions() {}

    Instance instance = 0;
    std::string host;
    std::string version;
    /// Calls that it can make at a time.
    std::size_t slots = 1;
    /// A larger result travels in parts of this size.
    std::size_t part_bytes = cluster::part_bytes;
};

/// How much longer than the fastest one a message took, without clocks that agree: the smallest difference between the
/// clocks of sender and receiver that was seen in the last minute stands for the fastest way.
class Lateness {
  public:
    /// Returns how late a message is that was sent at `sent`, by the sender's clock.
    Duration of(TimePoint sent, TimePoint now);

  private:
    static constexpr Duration half_window = std::chrono::seconds(30);

    std::optional<Duration> least_before_;
    std::optional<Duration> least_;
    TimePoint since_{};
};

/// A worker's part in one run: messages and times in, messages and things to do out. It never waits, and asks nobody
/// for the time.
class Worker {
  public:
    explicit Worker(WorkerOptions options) : options_(std::move(options)) {}

    // Things to do.

    /// Make this call, now. If its request has not left by `leave_by`, it must not leave any more: then it has
    /// `finished` without being sent.
    struct Start {
        CallId call;
        std::string name;
        std::string request;
        TimePoint leave_by{};
    };
    /// Stop making this call; say how it ended with `finished`, unless it was forgotten.
    struct Cancel {
        CallId call;
    };
    /// From now on, these terms hold.
    struct TakeTerms {
        std::string text;
    };
    /// The run has ended.
    struct Leave {};
    /// A sentence for people.
    struct Say {
        std::string sentence;
    };
    using Action = std::variant<Start, Cancel, TakeTerms, Leave, Say>;

    /// Call it every `beat_interval`.
    void beat(TimePoint now);
    void receive(Message message, TimePoint now);
    /// A call has ended; `was_sent` is false if its request surely never left, and `text` then says why.
    void finished(const CallId& call, bool was_sent, std::string text, TimePoint now);

    /// From now on no call is taken.
    void leave() noexcept { is_leaving_ = true; }
    /// Calls that this worker makes for other runs.
    void set_others(std::size_t calls) noexcept { others_ = calls; }

    /// Calls that are being made.
    std::size_t running() const noexcept { return running_; }
    /// Calls that it must not forget: those, and results that are not stored.
    std::size_t holds() const noexcept { return holds_.size(); }
    std::uint64_t epoch() const noexcept { return epoch_; }

    // What came of the above, since the last time.

    /// Messages to the coordinator.
    std::vector<Message> take_outgoing() { return std::exchange(outgoing_, {}); }
    std::vector<Action> take_actions() { return std::exchange(actions_, {}); }

  private:
    struct Held {
        Held() {}

        std::string name;
        std::optional<std::string> fetched;  ///< the request, while its parts come
        std::uint64_t request_bytes = 0;
        TimePoint asked{};
        bool is_running = false;
        bool is_done = false;
        bool was_sent = true;
        std::string result;
        TimePoint told{};  ///< when the result was last sent
    };

    void take(EpochNews&& news, TimePoint now);
    void take(Terms&& terms, TimePoint);
    void take(CallOrder&& order, TimePoint now);
    void take(Ping&& ping, TimePoint now);
    void take(Stored&& stored, TimePoint);
    void take(GiveUp&& given_up, TimePoint now);
    void take(Close&& close, TimePoint);
    void take(PartRequest&& request, TimePoint);
    void take(Part&& part, TimePoint now);
    template <class Other>
    void take(Other&&, TimePoint) {}  // to the coordinator

    std::string why_not_sent(Duration late, Duration leave_within, TimePoint now) const;
    void start(const CallId& call, Held& held, std::string request, TimePoint leave_by);
    void tell(const CallId& call, Held& held, TimePoint now);
    void list_holds(Beat& beat) const;
    bool has_lease(TimePoint now) const noexcept { return lease_since_ && now - *lease_since_ <= lease; }

    const WorkerOptions options_;
    std::uint64_t epoch_ = 0;
    std::uint64_t nonce_ = 0;
    std::uint64_t seen_ = 0;
    std::uint64_t beats_ = 0;
    std::uint64_t beats_before_ = 0;  ///< of earlier epochs
    bool has_terms_ = false;
    bool is_leaving_ = false;
    bool has_objected_ = false;
    std::size_t others_ = 0;
    std::size_t running_ = 0;  ///< or with a slot taken
    // The limits count what is of this epoch: what an earlier coordinator left goes when new calls end.
    std::size_t held_before_ = 0;                     ///< holds of earlier epochs
    std::size_t held_bytes_ = 0;                      ///< of results of this epoch
    std::map<std::uint64_t, TimePoint> unconfirmed_;  ///< when beats were sent
    std::optional<TimePoint> lease_since_;
    Lateness lateness_;
    std::map<CallId, Held> holds_;
    std::vector<Message> outgoing_;
    std::vector<Action> actions_;
};

}  // namespace plait::cluster
