#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/headers.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace plait::http {

/// How long from an answer on, as the answer told it.
struct ToldWait {
    Duration wait{};
    Duration grain{};  ///< how coarsely it was told: the true time is later by less than this

    friend bool operator==(const ToldWait&, const ToldWait&) = default;
};

/// No server means a wait or a limit for longer than this; more is nonsense, or another unit.
inline constexpr Duration longest_told = std::chrono::hours(24 * 366);

/// The time of day by the server's clock when it sent an answer that came at `now`: ours, unless the answer's `Date`
/// contradicts it.
WallTime time_of_answer(const Headers& headers, WallTime now);

/// What is known of the length of a wait from elsewhere in the same answer.
struct WaitEvidence {
    std::optional<Duration> most;    ///< such as the window of the limit: the wait should be no longer
    std::optional<ToldWait> likely;  ///< the same, or something that ends with it, told in another way
};

/// A wait, an interval or a reset as a server wrote it, with everything that it may mean.
///
/// A number may be seconds or milliseconds, from now on or since 1970; a date without a zone may be the time of any
/// place. Each meaning has a cost: the less usual it is, the higher, and more where it contradicts what else the answer
/// tells. The cheapest is the one that was meant. Beside these a duration such as `6m0s`, `19.99s` or `20ms` and a
/// date with a zone are understood, which have one meaning.
class ToldTime {
  public:
    /// What the name of the field says of the unit.
    enum class Unit { any, seconds, milliseconds };

    /// `text` of an answer that was sent at `now` by the server's clock.
    ToldTime(std::string_view text, WallTime now, Unit unit = Unit::any);

    /// The most plausible meaning; nothing when there is none at all.
    std::optional<ToldWait> meant(const WaitEvidence& evidence = {}) const;

    /// Whether it has one meaning only: what it tells is evidence for others.
    bool is_certain() const noexcept { return meanings_.size() == 1; }

  private:
    struct Meaning {
        Duration wait;  // negative: it is over
        Duration grain;
        double cost;
    };

    void read_number(std::string_view text, double number, WallTime now, Unit unit);
    void read_date(std::string_view text, WallTime now);
    void add(double seconds, Duration grain, double cost);

    std::vector<Meaning> meanings_;
};

/// Takes a number without a sign off the front of `text`.
std::optional<double> take_number(std::string_view& text) noexcept;

/// A number without a sign, and nothing else but blanks.
std::optional<double> parse_number(std::string_view text) noexcept;

/// So many seconds; nothing when that is negative, or longer than `longest_told`.
std::optional<Duration> duration_of(double seconds) noexcept;

}  // namespace plait::http
