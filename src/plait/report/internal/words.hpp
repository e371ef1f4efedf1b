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

/// Returns a percentage such as `98.7 %`, `12 %` or `0.4 %`; never 0 or 100 for a share that is only close to it.
std::string percent(double share);

/// Returns a count with its noun, such as `1 call` or `160 calls`.
std::string counted(std::uint64_t count, std::string_view what);

/// Returns a rounded ratio, such as `1.9` or `128`.
std::string ratio(double value);

/// Returns what a wait is for, such as `for the first byte of an answer`.
std::string_view purpose(trace::Activity wait);

/// Returns the noun for the spans of a timeline: `call`, or `job` if they came from no input and have no result.
std::string_view noun_of(const Timeline& timeline);

/// Returns the title of each timeline: its method, or its file without `.json` if another one has the same method.
std::vector<std::string> titles_of(const std::vector<Timeline>& timelines);

/// Returns over which versions of HTTP the answers came, as a sentence without its full stop; empty if that is unknown.
std::string versions_in_words(const Timeline& timeline);

/// Returns `text` for a terminal or a document: without control characters, cut to `columns`, and in ASCII when `ascii`
/// is set. Bytes that are not UTF-8, and characters that would change the direction of writing, become question marks.
std::string fitted(std::string_view text, std::size_t columns, bool ascii);

/// Returns the number of columns that UTF-8 text takes on a terminal.
std::size_t columns_of(std::string_view text);

}  // namespace plait::report::internal
