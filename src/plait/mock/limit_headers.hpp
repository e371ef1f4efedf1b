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

/// What the end of a wait is rounded to, before it is written.
enum class Rounding : std::uint8_t {
    up,       ///< to the next unit of the form: nobody comes too early
    down,     ///< to the unit before
    nearest,  ///< to the nearest unit
    exact,    ///< not at all: a fraction
    window,   ///< to the whole window, however much of it is left
    one,      ///< to one unit, however long it is
};

/// A way to tell limits: a family of header fields, and how the reset is written in it.
class LimitDialect {
  public:
    /// Such as `x-ratelimit`, `x-ratelimit:epoch:down` or `retry-after@short:always`; empty when it is none.
    static std::optional<LimitDialect> named(std::string_view name);

    /// The names of families and forms, in one sentence.
    static std::string names();

    /// `Retry-After` in seconds.
    LimitDialect() {}

    /// Its row in the table of families.
    const internal::FieldFamily& family() const noexcept;

    friend bool operator==(const LimitDialect&, const LimitDialect&) = default;

    ResetForm reset = ResetForm::seconds;
    Rounding rounding = Rounding::up;
    bool always = false;  ///< a field of refusals is on other answers, too
    std::string suffix;   ///< follows the names of the fields, behind a hyphen

  private:
    bool set(std::string_view word);

    std::size_t family_ = 0;
};

/// A family of header fields, for documents.
struct FamilyHelp {
    std::string_view name;
    std::string_view fields;
};

/// All families in the order of their table.
std::vector<FamilyHelp> family_help();

/// Dialects behind commas; `none` alone is no dialect. Throws `Error(bad_input)` that says what there is.
std::vector<LimitDialect> parse_dialects(std::string_view text);

/// An untruth in limit headers.
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
