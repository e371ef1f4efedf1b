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

/// Before what an item gave: its size, and what it is.
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

/// A piece of memory that the program and one worker share: on it stands how far the worker is with the items of its
/// job, and what those gave that are done. So it can be read when the worker is dead, at whatever point that happened:
/// what is done is kept, what runs is lost, and what has not begun can go to another worker.
///
/// One word says all of it, and both sides change it by compare-and-swap: an item is done before its time was up or
/// after, never both.
class ResultBoard {
  public:
    /// A new slate, in a file to be sent to the worker.
    struct Made;
    static Made make();
    /// The worker's end of it.
    explicit ResultBoard(const UniqueFd& file);

    // The program's side.

    /// Makes it ready for the next job; while the worker has none.
    void wipe() noexcept;
    Progress progress() const noexcept;
    /// From now on the worker neither begins nor ends an item; false when it is no longer where `seen` says.
    bool stop_at(const Progress& seen) noexcept;
    /// Copies what the first `items` items gave, each with an `OutcomeHead`. The worker's memory is not trusted: throws
    /// Error when it makes no sense.
    std::string outcomes(std::uint32_t items) const;

    // The worker's side.

    /// Each is false when the worker was told to stop there.
    bool begin_item(TimePoint now) noexcept;
    bool end_item() noexcept;
    /// Writes what the item that runs gave; false when there is no room.
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
