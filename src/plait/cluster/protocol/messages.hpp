#pragma once

#include "plait/base/clock.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// What the members of a cluster tell each other about one run. A message travels sealed, on a subject that names the
// run and the receiver.
namespace plait::cluster {

/// Identifies a worker process.
using Instance = std::uint64_t;

/// Names one dispatch of a request. Used once in the life of a run, also after restarts of its coordinator; an
/// attempt's line and number would not do, because a restart counts attempts anew.
struct CallId {
    std::uint64_t epoch = 0;
    std::uint64_t number = 0;

    friend auto operator<=>(const CallId&, const CallId&) = default;
};

/// A text that may be too large for one message: whole, or only its size, and then the receiver asks for its parts.
class Parcel {
  public:
    Parcel() {}
    /// Announces `text`, and contains it unless it is larger than `most`.
    explicit Parcel(std::string_view text, std::size_t most = part_bytes);

    std::uint64_t size = 0;
    std::string text;

    bool is_whole() const noexcept { return text.size() == size; }
};

// From the coordinator.

/// To all workers, with each beat: a run is there, in this epoch.
struct EpochNews {
    std::uint64_t epoch = 0;
    /// Drawn by the coordinator: two coordinators of one epoch, on copies of one state file, have different ones.
    std::uint64_t nonce = 0;
    std::string version;
};

/// What holds for all calls of an epoch.
struct Terms {
    std::uint64_t epoch = 0;
    std::string text;
};

/// Make this call now.
struct CallOrder {
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;  ///< counted for each worker and epoch
    std::uint64_t number = 0;
    std::string name;         ///< of a call that must not be made twice: its custom_id; else empty
    TimePoint sent{};         ///< by the coordinator's clock
    Duration leave_within{};  ///< beyond the fastest way; `Duration::max()`: at any time
    Parcel request;
};

/// The answer to a beat, and regularly. What was sent with a smaller `seq` and did not come by now is never taken.
struct Ping {
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
    std::uint64_t echo = 0;  ///< the number of the last beat that came
    TimePoint sent{};
};

/// The results of these calls are stored, or not wanted: forget them.
struct Stored {
    std::vector<CallId> calls;
};

/// Nobody waits for these calls any more.
struct GiveUp {
    std::vector<CallId> calls;
};

/// The run has ended: forget all.
struct Close {
    std::uint64_t epoch = 0;
};

/// The coordinator to itself, through the broker.
struct OwnBeat {
    std::uint64_t epoch = 0;
    std::uint64_t nonce = 0;
    std::uint64_t count = 0;
};

// From a worker.

/// A call that a worker has taken and may not forget.
struct Hold {
    CallId call;
    /// The name of the call if it is of an earlier epoch, which the coordinator may not know; else empty.
    std::string name;
};

struct Beat {
    Instance instance = 0;
    std::uint64_t epoch = 0;
    std::uint64_t count = 0;  ///< grows with each beat of the worker
    std::uint64_t seen = 0;   ///< the largest `seq` that it took, or will never take
    bool has_terms = false;
    bool is_leaving = false;      ///< takes no more calls
    std::uint64_t slots = 0;      ///< calls that it can make at a time
    std::uint64_t elsewhere = 0;  ///< of these, taken by calls of other runs and earlier epochs
    std::string host;
    std::string version;
    std::vector<Hold> holds;
    bool lists_all = true;  ///< false: there were too many holds of earlier epochs for one message
};

/// How a call ended at its worker.
struct Result {
    Instance instance = 0;
    CallId call;
    bool was_sent = true;  ///< false: the request never left, and `text` says why
    Parcel text;
};

/// The worker can't work for the run, and why. Says so once.
struct Objection {
    Instance instance = 0;
    std::string sentence;
};

// In both directions, for a parcel that is not whole.

struct PartRequest {
    Instance instance = 0;  ///< the worker's
    CallId call;
    std::uint64_t offset = 0;
};

struct Part {
    Instance instance = 0;  ///< the worker's
    CallId call;
    std::uint64_t offset = 0;
    std::string text;
};

using Message = std::variant<EpochNews, Terms, CallOrder, Ping, Stored, GiveUp, Close, OwnBeat, Beat, Result, Objection,
                             PartRequest, Part>;

/// Returns the bytes of a message, before it is sealed.
std::string encode(const Message& message);

/// Reads a message. Throws `Error(protocol)`.
Message decode(std::string_view text);

/// Appends a message to a bundle: to messages that travel together, each after its length.
void append(std::string& bundle, const Message& message);

/// Takes the first message off a bundle; nothing if it is empty. Throws `Error(protocol)`.
std::optional<Message> take_first(std::string_view& bundle);

}  // namespace plait::cluster
