#pragma once

#include "plait/base/clock.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace plait::http::internal {

/// Frames that bring no answer nearer. Each costs its receiver work, so a peer could keep it busy with them for ever.
enum class H2Flood {
    empty_data,
    late_head,
    interim_head,
    priority,
    reset,
    settings,
    ping,
    goaway,
    window_update,
    unknown
};

/// Tells a flood of such frames from a healthy number of them.
///
/// Servers in the wild send a few settings, a ping a minute, a reset for each refused stream, and a window update for
/// every 8 bytes of an upload. So each kind has an allowance, which time and progress fill up again.
class H2FloodGuard {
  public:
    static constexpr double allowance = 1000;
    static constexpr double window_updates = 20'000;
    static constexpr double regained_a_second = 20;
    static constexpr double regained_by_progress = 20;

    explicit H2FloodGuard(TimePoint now) noexcept : since_(now) {}

    /// Counts a frame. False: the peer floods us.
    [[nodiscard]] bool admit(H2Flood kind, TimePoint now) noexcept;

    /// Bytes of an answer came, or bytes of a request were sent.
    void made_progress() noexcept { regain(regained_by_progress); }

    /// How messages call a flood of this kind.
    static std::string_view name_of(H2Flood kind) noexcept;

  private:
    void regain(double frames) noexcept;

    std::array<double, 10> used_{};
    TimePoint since_;
};

}  // namespace plait::http::internal
