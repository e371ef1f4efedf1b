#include "plait/http/transfer/internal/event_stream_end.hpp"

namespace plait::http::internal {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// A longer line is none that is looked for: this is longer than a field name with what surrounds it.
constexpr std::size_t beside_value = 16;

}  // namespace

bool EventStreamEnd::put(std::string_view bytes) {
    for (const char c : bytes) {
        const bool is_second_half = was_cr_ && c == '\n';
        was_cr_ = c == '\r';
        if (is_second_half) continue;
        if (c == '\r' || c == '\n') {
            if (end_line()) return true;
        } else if (line_.size() < name_.size() + beside_value) {
            line_ += c;
        }
    }
    return false;
}

/// Returns whether the line ends the event that is looked for.
bool EventStreamEnd::end_line() {
    if (is_first_line_ && line_.starts_with(byte_order_mark)) line_.erase(0, byte_order_mark.size());
    is_first_line_ = false;
    if (!line_.empty()) {
        take_field();
        line_.clear();
        return false;
    }
    const bool is_found = data_lines_ > 0 && (has_type_ || (data_lines_ == 1 && is_data_equal_));
    has_type_ = is_data_equal_ = false;
    data_lines_ = 0;
    return is_found;
}

void EventStreamEnd::take_field() {
    const std::size_t colon = line_.find(':');
    const std::string_view field = std::string_view(line_).substr(0, colon);
    std::string_view value =
        colon == std::string::npos ? std::string_view() : std::string_view(line_).substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") has_type_ = value == name_;
    if (field != "data") return;
    ++data_lines_;
    is_data_equal_ = value == name_;
}

}  // namespace plait::http::internal
