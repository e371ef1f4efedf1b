#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace plait::mock {

/// What a mock server has seen in all. Requests for `/stats` are not among it.
struct MockStatistics {
    std::uint64_t requests = 0;  ///< that were read whole
    std::uint64_t answered = 0;  ///< those of them that got a whole answer, and were not refused
    std::uint64_t refused = 0;   ///< those of them that were over a limit
    std::uint64_t connections = 0;
    std::uint64_t connections_refused = 0;  ///< those beyond `most_connections`
    std::uint64_t in_flight = 0;
    std::uint64_t most_in_flight = 0;
    std::uint64_t most_in_a_second = 0;  ///< the most requests that came within one second, any second
    std::uint64_t ids = 0;
    std::uint64_t ids_more_than_once = 0;  ///< those that came again, refusals apart
    std::uint64_t untracked = 0;           ///< requests whose ids are beyond the bound
    std::uint64_t crashes = 0;             ///< how often the server came back
};

/// What a mock server has seen of one id.
struct IdStatistics {
    std::uint32_t came = 0;  ///< requests that were read whole, whether they were answered or not
    std::uint32_t answered = 0;
    std::uint32_t refused = 0;
    std::uint32_t in_flight = 0;
    std::uint32_t most_in_flight = 0;
};

/// What came to a mock server: in all, and per id.
///
/// It lies in memory that child processes share, and outlives them: a server that is killed and started again in a new
/// child counts on. Ids are known by 64-bit hashes; among a million of them the chance that two count as one is one in
/// forty million. One process writes at a time.
class RequestLedger {
  public:
    /// An id's line in the ledger. Valid as long as the ledger; null: the id is beyond the bound.
    struct Entry;

    /// A ledger of at most so many ids. The memory is taken when it is used: some 100 bytes an id. Throws
    /// `Error(storage)` when there is none.
    explicit RequestLedger(std::size_t most_ids);
    RequestLedger(const RequestLedger&) = delete;
    RequestLedger& operator=(const RequestLedger&) = delete;
    ~RequestLedger();

    /// The line of this id, made when there is none.
    Entry* line_of(std::string_view id);

    /// A number that is 0 for the first time it is asked for an id, 1 for the second.
    std::uint32_t next_number(Entry* entry) noexcept;

    void connected() noexcept;
    void connection_refused() noexcept;
    void came(Entry* entry, TimePoint when) noexcept;
    void answered(Entry* entry) noexcept;
    void refused(Entry* entry) noexcept;
    /// The request that came is no more in flight, whatever became of it.
    void left(Entry* entry) noexcept;
    /// A fault struck: `fault` is its place in the table of faults.
    void struck(std::size_t fault) noexcept;
    /// The server has come back: what was in flight is no more.
    void returned() noexcept;

    MockStatistics statistics() const noexcept;
    std::uint64_t times_struck(std::size_t fault) const noexcept;
    /// Zeros for an id that did not come.
    IdStatistics statistics_of(std::string_view id) const;
    /// Calls `visit` for all ids in the order in which they first came.
    void for_each(const std::function<void(std::string_view id, const IdStatistics&)>& visit) const;

  private:
    class Memory;
    std::unique_ptr<Memory> memory_;
};

}  // namespace plait::mock
