#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Values of flags. Unless they say otherwise, functions throw `Error(bad_input)` that says what the value should be.
namespace plait::cli {

/// A whole number from `least` to `most`.
std::size_t parse_count(std::string_view text, std::size_t least, std::size_t most);

/// A share such as `20%` or `0.2`, at most `most`; nothing for other texts. One above 1 is in percent: `20` is none.
std::optional<double> parse_share(std::string_view text, double most);

/// A number of bytes such as `65536`, `64k`, `100M` or `2G`, with units of 1024; from `least` to the largest file size.
std::size_t parse_bytes(std::string_view text, std::size_t least = 1);

/// A duration such as `90ms`, `2s`, `1.5m` or `1h`; a number alone is seconds. At most a week.
Duration parse_duration(std::string_view text);

/// The shortest text that `parse_duration` reads as this duration: `90ms`, `2m`.
std::string to_flag_value(Duration duration);

/// The shortest text that `parse_bytes` reads as this number: `64k`, `100M`.
std::string to_flag_value(std::size_t bytes);

/// A duration, or a range such as `50ms..200ms`: the least and the most.
std::pair<Duration, Duration> parse_duration_range(std::string_view text);

/// The parts of a list such as `a,b,c`, without blanks around them. None is empty.
std::vector<std::string> parse_list(std::string_view text);

/// A header such as `Name: value`.
std::pair<std::string, std::string> parse_header(std::string_view text);

}  // namespace plait::cli
