#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/workers/internal/payload.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plait::internal {

/// The head of an item's outcome: its kind and its size.
struct OutcomeHead {
    enum class Kind : std::uint8_t {
        result,    ///< the bytes of its value
        error,     ///< it threw an `Error` with `code` and this text
        exception  ///< it threw something else, with this text
    };
    Kind kind = Kind::result;
    ErrorCode code = ErrorCode::worker_died;
    std::uint64_t size = 0;
};

/// How far a worker is with the items of a job.
struct Progress {
    std::uint32_t done = 0;
    bool runs_one = false;  ///< the next of them has begun
    TimePoint begun_at;     ///< when the last began, by the steady clock
    bool any_begun() const noexcept { return done > 0 || runs_one; }
};

/// Memory that the program and one worker share. It says how far the worker is with the items of its job, and holds the
/// outcomes of finished items. So it can be read after the worker died at any point: finished items are kept, the
/// running one is lost, and the others can go to another worker.
///
/// The progress is one word, which both sides change by compare-and-swap: an item is finished either before its time
/// was up or after, never both.
class ResultBoard {
  public:
    /// Makes a board, in a file that is sent to the worker.
    struct Made;
    static Made make();
    /// The worker's end of it.
    explicit ResultBoard(const UniqueFd& file);

    // The program's side.

    /// Clears it for the next job. The worker must have none.
    void reset() noexcept;
    Progress progress() const noexcept;
    /// Stops the worker from beginning or ending an item. Returns false when it is no longer where `seen` says.
    bool stop_at(const Progress& seen) noexcept;
    /// Copies the outcomes of the first `items` items, each with an `OutcomeHead`. The worker's memory is not trusted:
    /// throws Error when it makes no sense.
    std::string outcomes(std::uint32_t items) const;

    // The worker's side.

    /// These return false when the program has stopped the worker there.
    bool begin_item(TimePoint now) noexcept;
    bool end_item() noexcept;
    /// Writes the outcome of the running item. Returns false when there is no room.
    bool write(const OutcomeHead& head, std::string_view bytes) noexcept;

  private:
    explicit ResultBoard(Mapping memory) noexcept : memory_(std::move(memory)) {}
    struct Layout;
    Layout& layout() const noexcept;
    bool advance() noexcept;

    Mapping memory_;
    std::size_t written_ = 0;  // by the worker, of the results of its job
};

struct ResultBoard::Made {
    ResultBoard result_board;
    UniqueFd file;
};

}  // namespace plait::internal
