#pragma once

#include "plait/base/clock.hpp"
#include "plait/base/text/appender.hpp"

#include <cstdint>
#include <string_view>

namespace plait::json {

/// Appends the parts of a JSON text to a string.
///
///     TextWriter out(line);
///     out.put("{\"n\":");
///     out.put_number(3);
///     out.put("}");
///     out.flush();  // all of it is in `line` now
class TextWriter : public Appender {
  public:
    using Appender::Appender;

    // The same as the functions `append_...` of `text.hpp`.
    void put_string(std::string_view text);
    void put_number(std::uint64_t number);
    void put_milliseconds(Duration duration);
};

}  // namespace plait::json
