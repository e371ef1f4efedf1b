#pragma once

#include "plait/base/unique_fd.hpp"
#include "plait/batch/sources/line_source.hpp"
#include "plait/batch/testing/test_files.hpp"

#include <string_view>
#include <utility>

namespace plait::batch::internal {

/// For tests: requests from lines in memory.
inline LineSource lines(std::string_view text) {
    return LineSource(LineReader(memory_file(text), "test"), RequestReader(RequestDefaults()));
}

/// For tests: requests from the lines that come out of a pipe.
inline LineSource lines_from(UniqueFd pipe) {
    return LineSource(LineReader(std::move(pipe), "pipe"), RequestReader(RequestDefaults()));
}

}  // namespace plait::batch::internal
