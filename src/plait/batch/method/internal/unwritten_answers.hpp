#pragma once

#include "plait/cluster/protocol/coordinator.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace plait::batch::internal {

/// The answers that workers hold until the results of their lines are written.
///
/// A worker that holds too much takes no call (`cluster::most_held_bytes`). If the first line of `--ordered` waits for
/// a worker then, nothing is ever written. So no worker is asked to hold more than half of what it can.
class UnwrittenAnswers {
  public:
    static constexpr std::size_t most_answers = cluster::most_holds / 2;
    static constexpr std::size_t most_bytes = cluster::most_held_bytes / 2;

    /// Notes an answer of `bytes` to the call at `line`. Returns those that need not be held any more: an earlier one
    /// to this call, and the oldest of a worker that has too many. One answer is held, however large it is.
    std::vector<cluster::Dispatch> add(std::uint64_t line, const cluster::Dispatch& dispatch, std::size_t bytes);

    /// The result of this line is written. Returns the answer that was held for it.
    std::optional<cluster::Dispatch> remove(std::uint64_t line);

  private:
    struct Answer {
        cluster::Dispatch dispatch;
        std::size_t bytes;
        std::uint64_t number;
    };
    struct Holder {
        std::map<std::uint64_t, std::uint64_t> lines;  ///< by the numbers of their answers: the oldest is the first
        std::size_t bytes = 0;
    };

    std::unordered_map<std::uint64_t, Answer> answers_;  ///< by line
    std::map<cluster::Instance, Holder> holders_;
    std::uint64_t count_ = 0;
};

}  // namespace plait::batch::internal
