#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/message/headers.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace plait::http {

/// A wait that starts when an answer arrives.
struct ParsedWait {
    Duration wait{};
    Duration grain{};  ///< the unit in which it was written: the true wait is longer by less than this

    friend bool operator==(const ParsedWait&, const ParsedWait&) = default;
};

/// No server means a longer wait or window than this. A larger value is nonsense, or in another unit.
inline constexpr Duration longest_wait = std::chrono::hours(24 * 366);

/// The time on the server's clock when it sent an answer that arrived at `now`. It is our time, unless the answer's
/// `Date` contradicts that.
WallTime server_time(const Headers& headers, WallTime now);

/// What other fields of the same answer say about the length of a wait.
struct WaitEvidence {
    std::optional<Duration> at_most;   ///< it should be no longer, such as the window of the limit
    std::optional<ParsedWait> likely;  ///< a wait that should end at the same time
};

/// A reset, a wait or a window as a server wrote it, with everything that it may mean.
///
///     ResetTime("60", now).most_plausible()          // 60 s
///     ResetTime("1795471260", now).most_plausible()  // until 22:01 UTC on 23 November 2026
///     ResetTime("6m0s", now).most_plausible()        // 6 minutes
///
/// A number may be in seconds or milliseconds, and count from now or from 1970; a date without a zone may be the local
/// time of any place. Each meaning has a cost: higher the less usual it is, and higher still when it contradicts the
/// rest of the answer. The cheapest is the one that was meant. A duration such as `6m0s`, `19.99s` or `20ms` and a date
/// with a zone have one meaning.
class ResetTime {
  public:
    /// The unit that the name of the field gives.
    enum class Unit { any, seconds, milliseconds };

    /// `text` is from an answer that was sent at `now` on the server's clock.
    ResetTime(std::string_view text, WallTime now, Unit unit = Unit::any);

    /// Returns the most plausible meaning; nothing when `text` has none.
    std::optional<ParsedWait> most_plausible(const WaitEvidence& evidence = {}) const;

    /// Whether it has exactly one meaning, so that it can be evidence for other fields.
    bool is_certain() const noexcept { return meanings_.size() == 1; }

  private:
    struct Meaning {
        Duration wait;  ///< negative when it has passed
        Duration grain;
        double cost;
    };

    void read_number(std::string_view text, double number, WallTime now, Unit unit);
    void read_date(std::string_view text, WallTime now);
    void add(double seconds, Duration grain, double cost);

    std::vector<Meaning> meanings_;
};

/// Converts seconds. Returns nothing when they are negative or more than `longest_wait`.
std::optional<Duration> duration_of(double seconds) noexcept;

}  // namespace plait::http
