#pragma once

#include <string>
#include <string_view>

namespace plait::report::internal {

/// The kind of a file, as its beginning shows.
enum class FileKind {
    empty,
    trace,
    cut_trace,
    trace_events,
    results,
    comparison,
    summary,
    requests,
    compressed,
    other
};

/// The number of bytes of a file that show its kind.
inline constexpr std::size_t telling_bytes = 4096;

/// Returns the kind of a file from its first `telling_bytes`. An object of no other kind is taken for a result line.
FileKind kind_of(std::string_view beginning);

/// Throws `Error(bad_input)`: what the file `name` is, and what is accepted instead.
[[noreturn]] void refuse_kind(const std::string& name, FileKind kind);

}  // namespace plait::report::internal
