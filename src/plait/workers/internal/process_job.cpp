#include "plait/workers/internal/process_job.hpp"

#include "plait/workers/internal/chunk_size.hpp"

#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace plait::internal {

namespace {

/// A worker that was stopped is about to be killed.
[[noreturn]] void wait_for_the_end() {
    for (;;) ::pause();
}

}  // namespace

JobItems::JobItems(std::string_view bytes, std::uint32_t count, std::uint32_t most, JobRules rules,
                   ResultBoard& result_board, const Clock& clock)
    : bytes_(bytes),
      count_(count),
      most_(most),
      rules_(rules),
      board_(result_board),
      clock_(clock),
      begun_(clock.now()) {}

Duration JobItems::took() const { return clock_.now() - begun_; }

bool JobItems::begin_item() {
    if (on_board_ == most_ || beside_board_ || (failed_ && rules_.ends_at_failure)) return false;
    const TimePoint now = clock_.now();
    if (rules_.ends_when_long && now - begun_ > longest_work_of_a_chunk) return false;
    if (!board_.begin_item(now)) wait_for_the_end();
    return true;
}

JobItems::Arguments JobItems::arguments_of_item() noexcept {
    const char* const ends = bytes_.data() + bytes_.size() - count_ * sizeof(std::uint64_t);
    const auto end_of = [ends](std::uint32_t item) {
        std::uint64_t end;
        std::memcpy(&end, ends + item * sizeof end, sizeof end);
        return end;
    };
    const std::uint64_t begin = on_board_ == 0 ? 0 : end_of(on_board_ - 1);
    return {reader_, bytes_.substr(begin, end_of(on_board_) - begin)};
}

OutcomeHead JobItems::failure(OutcomeHead::Kind kind, std::string_view text, ErrorCode code) {
    failed_ = true;
    result_.bytes().clear();
    result_.bytes().sputn(text.data(), static_cast<std::streamsize>(text.size()));
    return {kind, code};
}

void JobItems::end_item(OutcomeHead outcome) {
    PayloadWriter& result = result_.bytes();
    outcome.size = result.size();
    if (!result.is_small() || !board_.write(outcome, result.small())) {
        beside_board_ = outcome;
        return;
    }
    result.clear();
    ++on_board_;
    if (!board_.end_item()) wait_for_the_end();
}

std::exception_ptr JobReply::error_of(const OutcomeHead& head, std::string_view text) {
    if (head.kind == OutcomeHead::Kind::error) return std::make_exception_ptr(Error(head.code, std::string(text)));
    return std::make_exception_ptr(std::runtime_error(std::string(text)));
}

}  // namespace plait::internal
