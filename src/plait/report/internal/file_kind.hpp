#pragma once

#include <string>
#include <string_view>

namespace plait::report::internal {

/// What a file is, as far as its beginning tells.
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

/// So much of a file tells its kind.
inline constexpr std::size_t telling_bytes = 4096;

/// Judges by the first `telling_bytes` of a file. An object that is no other kind is taken for a result line.
FileKind kind_of(std::string_view beginning);

/// Throws `Error(bad_input)`: what the file `name` is, and what is accepted instead.
[[noreturn]] void refuse_kind(const std::string& name, FileKind kind);

}  // namespace plait::report::internal
