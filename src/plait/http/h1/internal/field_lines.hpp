#pragma once

#include "plait/http/message/headers.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// The number of bytes of `text` before the first control character other than the tab. Lines of a message have none,
/// so it is also the length of the first line.
std::size_t line_length(std::string_view text) noexcept;

/// Takes the first line out of `lines`, and returns it without its CRLF. Throws `Error(protocol)` for a control
/// character, such as half of a line's end.
std::string_view take_line(std::string_view& lines);

/// Reads the fields of a head, or of trailers, one by one (RFC 9112, section 5).
///
///     FieldLines fields("A: b\r\nC: d\r\n");
///     while (const auto field = fields.next()) use(*field);
class FieldLines {
  public:
    /// `lines` are complete, each with its CRLF, without the empty line behind them.
    explicit FieldLines(std::string_view lines) noexcept : rest_(lines) {}

    /// The next field, without blanks around its value; nothing behind the last one. The pieces of a folded value are
    /// joined by a space (section 5.2); such a value is valid until the next call. Throws `Error(protocol)`.
    std::optional<Header> next();

  private:
    bool is_folded() const noexcept;
    std::string_view unfold(std::string_view first);

    std::string_view rest_;
    std::string unfolded_;
};

}  // namespace plait::http::internal
