#pragma once

#include "plait/base/clock.hpp"
#include "plait/report/timeline.hpp"
#include "plait/trace/activity.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Measured values in words.
namespace plait::report::internal {

/// Such as `98.7 %`, `12 %`, `0.4 %`; never 0 or 100 for what is only near it.
std::string percent(double share);

/// Such as `1 call`, `160 calls`.
std::string counted(std::uint64_t count, std::string_view what);

/// A rounded ratio, such as `1.9` or `128`.
std::string ratio(double value);

/// What a wait is for, such as `for the first byte of an answer`.
std::string_view purpose(trace::Activity wait);

/// What the spans of a timeline are: `call`, or `job` when they came from no input and have no result.
std::string_view noun_of(const Timeline& timeline);

/// What a timeline is called: its method, or its file without `.json` when another one has the same method.
std::vector<std::string> titles_of(const std::vector<Timeline>& timelines);

/// `text` for a terminal or a document: without control characters, cut to `columns`, and in ASCII when `ascii` is set.
/// What is no UTF-8, and what would turn the direction of writing, becomes a question mark.
std::string fitted(std::string_view text, std::size_t columns, bool ascii);

/// How many columns a terminal needs for UTF-8 text.
std::size_t columns_of(std::string_view text);

}  // namespace plait::report::internal
