#include "plait/workers/internal/result_board.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace plait::internal {

struct ResultBoard::Layout {
    // 2 n: item n has not begun; 2 n + 1: item n runs. With `stopped` it stays as it is.
    std::atomic<std::uint32_t> position{0};
    std::atomic<std::int64_t> begun_at{0};
    char outcomes[256 * 1024 - 16];
};

namespace {
constexpr std::uint32_t stopped = 1U << 31;
}

ResultBoard::Made ResultBoard::make() {
    UniqueFd file(::memfd_create("plait-result_board", MFD_CLOEXEC));
    if (!file || ::ftruncate(file.get(), sizeof(Layout)) != 0)
        throw Error(ErrorCode::storage, "start a worker process: make shared memory: " + system_message(errno));
    Mapping memory(file, sizeof(Layout), Mapping::Access::write_shared);
    new (memory.begin()) Layout;
    return {ResultBoard(std::move(memory)), std::move(file)};
}

ResultBoard::ResultBoard(const UniqueFd& file) : memory_(file, sizeof(Layout), Mapping::Access::write_shared) {}

ResultBoard::Layout& ResultBoard::layout() const noexcept {
    return *std::launder(reinterpret_cast<Layout*>(memory_.begin()));
}

void ResultBoard::reset() noexcept { layout().position = 0; }

Progress ResultBoard::progress() const noexcept {
    const std::uint32_t position = layout().position & ~stopped;
    return {position / 2, position % 2 == 1, TimePoint(Duration(layout().begun_at))};
}

bool ResultBoard::stop_at(const Progress& seen) noexcept {
    std::uint32_t position = 2 * seen.done + (seen.runs_one ? 1 : 0);
    return layout().position.compare_exchange_strong(position, position | stopped);
}

std::string ResultBoard::outcomes(std::uint32_t items) const {
    const std::string_view all(layout().outcomes, sizeof layout().outcomes);
    std::size_t end = 0;
    for (std::uint32_t item = 0; item < items; ++item) {
        OutcomeHead head;
        const bool has_head = all.size() - end >= sizeof head;
        if (has_head) std::memcpy(&head, all.data() + end, sizeof head);
        if (!has_head || head.size > all.size() - end - sizeof head) {
            throw Error(ErrorCode::worker_died,
                        "read the results of a worker process: a job has written over memory that is not its own");
        }
        end += sizeof head + head.size;
    }
    return std::string(all.substr(0, end));
}

bool ResultBoard::advance() noexcept {
    std::uint32_t position = layout().position;
    return !(position & stopped) && layout().position.compare_exchange_strong(position, position + 1);
}

bool ResultBoard::begin_item(TimePoint now) noexcept {
    if (layout().position == 0) written_ = 0;
    layout().begun_at = now.time_since_epoch().count();
    return advance();
}

bool ResultBoard::end_item() noexcept { return advance(); }

bool ResultBoard::write(const OutcomeHead& head, std::string_view bytes) noexcept {
    if (sizeof layout().outcomes - written_ < sizeof head + bytes.size()) return false;
    char* const to = layout().outcomes + written_;
    std::memcpy(to, &head, sizeof head);
    std::memcpy(to + sizeof head, bytes.data(), bytes.size());
    written_ += sizeof head + bytes.size();
    return true;
}

}  // namespace plait::internal
