#pragma once

#include <simdjson.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace plait::json {

/// The text of `value` as it stands in `document`, checked to be JSON throughout: simdjson checks only what is asked of
/// it. Numbers may be of any size. The value is read to its end.
simdjson::simdjson_result<std::string_view> checked_text(simdjson::ondemand::document& document,
                                                         simdjson::ondemand::value value);

/// Text with room behind it, as simdjson wants it.
class PaddedText {
  public:
    /// The parts as one text, copied. Valid until the next call.
    simdjson::padded_string_view assign(std::initializer_list<std::string_view> parts);

  private:
    std::string buffer_;
};

/// A document that may be any JSON value, also a number or a string alone.
class LoneValue {
  public:
    /// Whether `text` is one JSON value, throughout, with or without a byte order mark before it. It is copied.
    bool assign(std::string_view text);

    /// The value of the text that was assigned last, and was JSON; each time from its beginning.
    simdjson::ondemand::value read();

  private:
    simdjson::ondemand::parser parser_;
    PaddedText padded_;
    simdjson::ondemand::document document_;
};

/// Checks JSON and puts it on one line.
class CompactValue {
  public:
    /// `text` as it is, but without a byte order mark, and without white space between its tokens when it has line
    /// breaks there; nothing when it is not JSON. Valid until the next call, and as long as `text`.
    std::optional<std::string_view> make(std::string_view text);

  private:
    LoneValue value_;
    std::string compact_;
};

}  // namespace plait::json
