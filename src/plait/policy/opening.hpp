#pragma once

#include "plait/base/clock.hpp"

#include <chrono>
#include <cstdint>

namespace plait::policy {

/// How calls to a server of which nothing is known begin.
struct OpeningOptions {
    /// How many leave before the first answer; 0: all.
    std::uint64_t first_look = 0;
    /// Answers that take longer than this are not waited for.
    Duration patience = std::chrono::seconds(1);
};

/// The first moments at a server whose limits nobody knows yet: a few calls, and when one is answered more and more, as
/// a curve in time. A server that answers within milliseconds would otherwise be sent thousands of calls before its
/// first refusal has come back; one that answers slowly has its calls in flight a twentieth of a second later. Knows no
/// clock.
class Opening {
  public:
    explicit Opening(const OpeningOptions& options) noexcept : options_(options), is_over_(options.first_look == 0) {}

    /// When a call may leave, if nothing else does before: `now`, or later.
    TimePoint earliest(TimePoint now) noexcept;
    void leave(TimePoint now) noexcept;
    /// A call was answered.
    void answered(TimePoint now) noexcept;
    /// From now on nothing is held back.
    void end() noexcept { is_over_ = true; }
    bool is_over() const noexcept { return is_over_; }

  private:
    OpeningOptions options_;
    bool is_over_;
    std::uint64_t left_ = 0;
    TimePoint first_left_at_{};
    TimePoint opened_at_ = TimePoint::max();
};

}  // namespace plait::policy
