#include "plait/report/internal/states_text.hpp"

#include "plait/base/error.hpp"
#include "plait/report/internal/json_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace plait::report::internal {

namespace {

trace::Activity activity_of(char letter) {
    for (const trace::ActivityName& name : trace::activity_names) {
        if (name.letter == letter) return name.activity;
    }
    throw_bad_input(fmt::format("\"states\" has '{}', which stands for no activity", letter));
}

}  // namespace

std::vector<trace::Segment> segments_in(std::string_view states) {
    const auto is_letter = [](char c) { return c < '0' || c > '9'; };
    std::vector<trace::Segment> segments;
    segments.reserve(static_cast<std::size_t>(std::count_if(states.begin(), states.end(), is_letter)));
    const char* at = states.data();
    const char* const end = at + states.size();
    while (at != end) {
        const trace::Activity activity = activity_of(*at++);
        std::uint64_t tenths = 0;
        const auto [behind, error] = std::from_chars(at, end, tenths);
        if (error != std::errc() || tenths > static_cast<std::uint64_t>(longest_time / tenth_of_microsecond)) {
            throw_bad_input("\"states\" has a letter without a length");
        }
        at = behind;
        if (tenths > 0) segments.push_back({activity, static_cast<Duration::rep>(tenths) * tenth_of_microsecond});
    }
    return segments;
}

Duration sum_of(const std::vector<trace::Segment>& segments) {
    Duration sum{};
    for (const trace::Segment& segment : segments) {
        sum += segment.length;
        if (sum > longest_time) throw_bad_input("\"states\" is longer than a year");
    }
    return sum;
}

}  // namespace plait::report::internal
