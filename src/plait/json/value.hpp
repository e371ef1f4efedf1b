#pragma once

#include <simdjson.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace plait::json {

/// Returns the text of `value` in `document`, after checking that all of it is JSON: simdjson checks only what is read.
/// Numbers may be of any size. Reads the value to its end.
simdjson::simdjson_result<std::string_view> checked_text(simdjson::ondemand::document& document,
                                                         simdjson::ondemand::value value);

/// Text followed by the padding that simdjson needs.
class PaddedText {
  public:
    /// Copies the parts into one text, which is valid until the next call.
    simdjson::padded_string_view assign(std::initializer_list<std::string_view> parts);

  private:
    std::string buffer_;
};

/// What a JSON value contains that strict readers refuse, though RFC 8259 permits it. DuckDB 2.0, pyarrow 26,
/// ClickHouse 26.9, polars 2.1 and jq 1.6 each refuse some of these, and with the one value the whole file.
struct Oddities {
    bool lone_surrogate = false;  ///< `\ud83d` without its other half
    bool repeated_name = false;   ///< an object with two members of one name
    bool too_deep = false;        ///< more than 100 arrays and objects, one within the other
    bool large_number = false;    ///< a number that overflows a double, or an integer of more than 64 bits
};

/// A document that is any JSON value, even a lone number or string.
class LoneValue {
  public:
    /// Copies `text`, and returns whether all of it is one JSON value, with or without a byte order mark. Notes in
    /// `oddities`, if given, what strict readers refuse.
    bool assign(std::string_view text, Oddities* oddities = nullptr);

    /// Returns the value that was assigned last, which must have been JSON. Each call starts at its beginning.
    simdjson::ondemand::value read();

  private:
    simdjson::ondemand::parser parser_;
    PaddedText padded_;
    simdjson::ondemand::document document_;
};

/// Checks JSON and puts it on one line.
class CompactValue {
  public:
    /// Returns `text` without a byte order mark and, if it has line breaks, without white space between its tokens;
    /// nothing if it is not JSON. Valid until the next call, and as long as `text`.
    std::optional<std::string_view> make(std::string_view text);

    /// What strict readers refuse in the last text that was JSON.
    const Oddities& oddities() const noexcept { return oddities_; }

  private:
    Oddities oddities_;
    LoneValue value_;
    std::string compact_;
};

}  // namespace plait::json
