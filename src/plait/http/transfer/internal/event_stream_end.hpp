#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// Finds the event that ends a stream of server-sent events (WHATWG HTML, section 9.2.6): the one of this type, or with
/// this as its data, such as `[DONE]`.
class EventStreamEnd {
  public:
    explicit EventStreamEnd(std::string_view name) : name_(name) {}

    /// Takes the next bytes, and returns whether the event is complete now: its empty line has come.
    bool put(std::string_view bytes);

  private:
    bool end_line();
    void take_field();

    std::string name_;
    std::string line_;  ///< as much of it as matters
    bool was_cr_ = false;
    bool is_first_line_ = true;
    bool has_type_ = false;       ///< whether the event has the type that is looked for
    std::size_t data_lines_ = 0;  ///< of the event
    bool is_data_equal_ = false;  ///< whether the first is what is looked for
};

}  // namespace plait::http::internal
