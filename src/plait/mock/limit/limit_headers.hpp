#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::mock {

namespace internal {
struct FieldFamily;
}

/// How the end of a wait is written.
enum class ResetForm : std::uint8_t {
    seconds,   ///< `30`, from now
    ms,        ///< `30000`, from now
    duration,  ///< `6m0s`, `1.5s` or `120ms`, from now
    date,      ///< `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7)
    date_utc,  ///< the same with `UTC` for `GMT`, as Go's `time.RFC1123` writes it
    iso,       ///< `1994-11-06T08:49:37Z` (RFC 3339)
    iso_bare,  ///< `1994-11-06 08:49:37`, in UTC
    epoch,     ///< seconds since 1970
    epoch_ms,  ///< milliseconds since 1970
};

/// How the end of a wait is rounded before it is written.
enum class Rounding : std::uint8_t {
    up,       ///< up to a whole unit of the form, so that no client comes too early
    down,     ///< down to a whole unit
    nearest,  ///< to the nearest unit
    exact,    ///< not at all, with a fraction
    window,   ///< to the whole window, however much of it is left
    one,      ///< to one unit, however long it is
};

/// A dialect of limit headers: a family of fields, and the way their reset is written.
class LimitDialect {
  public:
    /// Parses `x-ratelimit`, `x-ratelimit:epoch:down` or `retry-after@short:always`. Returns an empty one when it is
    /// none.
    static std::optional<LimitDialect> named(std::string_view name);

    /// The names of families and forms, in one sentence.
    static std::string names();

    /// `Retry-After` in seconds.
    LimitDialect() {}

    /// The family's row in the table.
    const internal::FieldFamily& family() const noexcept;

    friend bool operator==(const LimitDialect&, const LimitDialect&) = default;

    ResetForm reset = ResetForm::seconds;
    Rounding rounding = Rounding::up;
    bool always = false;  ///< fields of refusals are on all other answers, too
    std::string suffix;   ///< follows the names of the fields, after a hyphen

  private:
    bool set(std::string_view word);

    std::size_t family_ = 0;
};

/// The description of a family of header fields.
struct FamilyHelp {
    std::string_view name;
    std::string_view fields;
};

/// All families, in the order of their table.
std::vector<FamilyHelp> family_help();

/// Parses dialects separated by commas; `none` alone means none. Throws `Error(bad_input)`, which lists them.
std::vector<LimitDialect> parse_dialects(std::string_view text);

/// A lie in limit headers.
class Lie {
  public:
    enum class Kind : std::uint8_t {
        full,      ///< all of the limit remains
        used_up,   ///< nothing remains
        past,      ///< the reset was an hour ago
        garbage,   ///< words where numbers belong
        negative,  ///< every number is below zero
        huge,      ///< every number has 21 digits
    };

    Lie(Kind kind) noexcept : kind_(kind) {}
    static std::optional<Lie> named(std::string_view name);
    static std::string names();

    Kind kind() const noexcept { return kind_; }
    friend bool operator==(const Lie&, const Lie&) = default;

  private:
    Kind kind_;
};

}  // namespace plait::mock
