#pragma once

#include "plait/base/clock.hpp"
#include "plait/cluster/protocol/messages.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::cluster {

class CoordinatorOptions {
  public:
    CoordinatorOptions() {}

    /// Counted up, in the state file of the run, each time that a coordinator opens it.
    std::uint64_t epoch = 1;
    std::uint64_t nonce = 0;
    std::string version;
    /// Opaque here: what holds for all calls.
    std::string terms;
    /// Calls leave within this time beyond the fastest way, or come back unsent. Nothing: at any time.
    std::optional<Duration> leave_within;
    /// A larger request travels in parts of this size.
    std::size_t part_bytes = cluster::part_bytes;
};

/// Where a call was given to.
struct Dispatch {
    Instance worker = 0;
    CallId call;
};

/// How a call ended.
struct CallEnded {
    enum class How {
        answered,  ///< `text` is what the worker says
        not_sent,  ///< the request certainly never left, and never will; `text` says why
        lost,      ///< it may have left, and nobody will say more; `text` says why
    };
    Dispatch dispatch;
    How how;
    std::string text;
};

/// What the coordinator knows of a worker.
class WorkerReport {
  public:
    WorkerReport() {}

    Instance instance = 0;
    std::size_t number = 0;  ///< in the order in which they came, counted from 1
    std::string host;
    std::string version;
    std::size_t slots = 0;
    std::size_t in_flight = 0;
    std::uint64_t calls = 0;  ///< given to it
    bool is_leaving = false;
    /// When it was lost; nothing: it is there.
    std::optional<TimePoint> lost_at;
    std::size_t lost_calls = 0;
};

/// Gives the calls of a run to workers: messages and times in, messages and ends of calls out. It never waits, and asks
/// nobody for the time.
///
/// It keeps these promises, however messages are lost, delayed or repeated, and whoever dies:
///
/// - A call ends once, or its worker is alive and holds it.
/// - After `not_sent`, the request has not left and never will; so it may be given to a worker again.
/// - After `lost`, nobody knows: a request that must not be sent twice must not be given to a worker again.
class Coordinator {
  public:
    explicit Coordinator(CoordinatorOptions options);

    /// A message, and to whom it goes.
    struct Outgoing {
        enum class To { all_workers, worker, itself };
        To to;
        Instance worker;  ///< only for `To::worker`
        Message message;
    };

    /// Call it every `beat_interval`, while there is a connection to the broker.
    void beat(TimePoint now);
    /// Takes a message from a worker, or from itself.
    void receive(Message message, TimePoint now);

    /// How many calls may be out at a time: those that workers can make, as far as the workers are heard, and those
    /// that the others have.
    std::size_t room(TimePoint now) const;

    /// Gives a call to the worker with the most free slots; nothing if there is none. `leave_within` counts from
    /// `permitted`, by default now.
    std::optional<Dispatch> dispatch(std::string_view name, std::string_view request, TimePoint now,
                                     std::optional<TimePoint> permitted = std::nullopt);
    /// Nobody waits for this call any more: it gets no end.
    void give_up(const Dispatch& dispatch);
    /// The result of a call that was `answered` is safe: its worker may forget it.
    void stored(const Dispatch& dispatch);

    /// Whether a worker holds a call of this name from an earlier epoch.
    bool can_adopt(std::string_view name) const { return adoptable_.contains(std::string(name)); }
    /// Waits for the result of such a call instead of making it again. Once for each name.
    std::optional<Dispatch> adopt(std::string_view name);

    /// Tells the workers that the run has ended. They forget what they hold, so they are told only if it has finished,
    /// or if they surely hold nothing that a later coordinator could take over.
    void close(bool has_finished);

    /// Own beats that came back.
    std::uint64_t own_beats() const noexcept { return own_seen_; }
    std::vector<WorkerReport> workers() const;
    /// Results that came after their call had ended.
    std::uint64_t late_results() const noexcept { return late_results_; }
    /// Why this coordinator must stop: another one has the run. Empty: it may go on.
    const std::string& conflict() const noexcept { return conflict_; }

    // What came of the above, since the last time.

    std::vector<Outgoing> take_outgoing();
    std::vector<CallEnded> take_ended() { return std::exchange(ended_, {}); }
    /// Sentences for people: what workers object to, and workers that seem deaf.
    std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }

  private:
    /// A large result while its parts come.
    struct Fetch {
        Fetch() {}

        std::uint64_t size = 0;
        std::string text;
        TimePoint asked{};
        bool is_active = false;
    };
    struct Call {
        Call() {}

        std::uint64_t seq = 0;
        bool has_ended = false;  ///< its result waits to be stored
        bool is_given_up = false;
        bool is_adopted = false;
        std::string request;  ///< of a request that travels in parts
        std::optional<Fetch> fetch;
    };
    struct Worker {
        WorkerReport report;
        std::uint64_t seq = 0;
        std::uint64_t beat_count = 0;
        std::uint64_t own_seen_at_beat = 0;
        TimePoint last_beat{};
        std::size_t elsewhere = 0;
        std::size_t in_slot = 0;  ///< calls of this epoch that take one of its slots
        std::size_t adopted = 0;  ///< calls of earlier epochs whose result is awaited
        bool has_terms = false;
        std::uint64_t deaf_beats = 0;  ///< without the terms that it was told
        bool is_held_back = false;     ///< gets no call before its next beat
        std::map<CallId, Call> calls;
        std::vector<CallId> to_forget;  ///< stored, and not told yet
    };
    struct Adoptable {
        Instance worker;
        CallId call;
    };

    void take(Beat&& beat, TimePoint now);
    void take(Result&& result, TimePoint now);
    void take(Objection&& objection, TimePoint) { warnings_.push_back("a worker says: " + objection.sentence); }
    void take(PartRequest&& request, TimePoint now);
    void take(Part&& part, TimePoint now);
    void take(OwnBeat&& beat, TimePoint now);
    template <class Other>
    void take(Other&&, TimePoint) {}  // of another coordinator, to workers

    Worker& meet(const Beat& beat);
    void teach(Worker& worker);
    void compare_holds(Worker& worker, const Beat& beat);
    void note_adoptable(Worker& worker, const Hold& hold);
    void lose_silent(TimePoint now);
    void lose(Worker& worker, TimePoint now);
    bool may_be_taken_over() const;
    static void give_place_back(Worker& worker, const Call& call);
    void end(Worker& worker, std::map<CallId, Call>::iterator call, CallEnded::How how, std::string text);
    void answer(Worker& worker, std::map<CallId, Call>::iterator call, std::string text);
    void begin_fetches(TimePoint now);
    void forget(Worker& worker, const CallId& call);
    void tell_forgotten(Worker& worker);
    void send(const Worker& worker, Message message);
    bool takes_calls(const Worker& worker, TimePoint now) const;
    std::size_t free_places(const Worker& worker) const;

    CoordinatorOptions options_;
    std::map<Instance, Worker> workers_;
    std::map<std::string, Adoptable, std::less<>> adoptable_;
    std::set<std::string, std::less<>> adopted_;  ///< names
    std::uint64_t next_number_ = 1;
    std::uint64_t own_count_ = 0;
    std::uint64_t last_own_ = 0;  ///< the last own beat that came back
    std::uint64_t own_seen_ = 0;  ///< how many came back
    std::uint64_t late_results_ = 0;
    std::size_t fetches_ = 0;
    std::string conflict_;
    std::vector<Outgoing> outgoing_;
    std::vector<CallEnded> ended_;
    std::vector<std::string> warnings_;
};

}  // namespace plait::cluster
