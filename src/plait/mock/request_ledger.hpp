#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace plait::mock {

/// The totals of a mock server, without requests for `/stats`.
struct MockStatistics {
    std::uint64_t requests = 0;  ///< requests read completely
    std::uint64_t answered = 0;  ///< of these, answered completely and not refused
    std::uint64_t refused = 0;   ///< of these, refused by a limit
    std::uint64_t connections = 0;
    std::uint64_t connections_refused = 0;  ///< connections over `most_connections`
    std::uint64_t in_flight = 0;
    std::uint64_t most_in_flight = 0;
    std::uint64_t most_in_a_second = 0;  ///< the most requests within any one second
    std::uint64_t ids = 0;
    std::uint64_t ids_more_than_once = 0;  ///< ids that came again, not counting refusals
    std::uint64_t untracked = 0;           ///< requests with ids over the limit
    std::uint64_t crashes = 0;             ///< how often the server was restarted
};

/// The counts of one id.
struct IdStatistics {
    std::uint32_t came = 0;  ///< requests read completely, answered or not
    std::uint32_t answered = 0;
    std::uint32_t refused = 0;
    std::uint32_t in_flight = 0;
    std::uint32_t most_in_flight = 0;
};

/// Counts the requests to a mock server, in total and per id.
///
/// It is in memory that child processes share, and outlives them: a server that is killed and restarted in a new child
/// continues the counts. Ids are identified by 64-bit hashes; among a million ids, the chance that two are counted as
/// one is one in forty million. One process writes at a time.
class RequestLedger {
  public:
    /// The line of an id. Valid as long as the ledger. Null when the id is over the limit.
    struct Entry;

    /// For at most this many ids. Memory, about 100 bytes per id, is used only as ids come. Throws `Error(storage)`
    /// when there is none.
    explicit RequestLedger(std::size_t most_ids);
    RequestLedger(const RequestLedger&) = delete;
    RequestLedger& operator=(const RequestLedger&) = delete;
    ~RequestLedger();

    /// Returns the line of this id, and makes it when there is none.
    Entry* line_of(std::string_view id);

    /// Returns 0 on the first call for an id, 1 on the second, and so on.
    std::uint32_t next_number(Entry* entry) noexcept;

    void connected() noexcept;
    void connection_refused() noexcept;
    void came(Entry* entry, TimePoint when) noexcept;
    void answered(Entry* entry) noexcept;
    void refused(Entry* entry) noexcept;
    /// Records that a request is no longer in flight, whatever its outcome.
    void left(Entry* entry) noexcept;
    /// Records a fault, by its index in the table of faults.
    void struck(std::size_t fault) noexcept;
    /// Records that the server was restarted: nothing is in flight any more.
    void returned() noexcept;

    MockStatistics statistics() const noexcept;
    std::uint64_t times_struck(std::size_t fault) const noexcept;
    /// Returns zeros for an unknown id.
    IdStatistics statistics_of(std::string_view id) const;
    /// Calls `visit` for all ids, in the order of their first requests.
    void for_each(const std::function<void(std::string_view id, const IdStatistics&)>& visit) const;

  private:
    class Memory;
    std::unique_ptr<Memory> memory_;
};

}  // namespace plait::mock
