#pragma once

#include "plait/base/assert.hpp"
#include "plait/base/unique_fd.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <string_view>

namespace plait::batch::internal {

/// For tests: a file that lies in memory and has no name.
inline UniqueFd memory_file(std::string_view text = {}) {
    UniqueFd file(::memfd_create("plait-test", MFD_CLOEXEC));
    const ssize_t written = ::pwrite(file.get(), text.data(), text.size(), 0);
    PLAIT_ASSERT(written == static_cast<ssize_t>(text.size()), "a file in memory takes everything");
    return file;
}

/// For tests: both ends of a pipe.
struct Pipe {
    Pipe() {
        int ends[2];
        PLAIT_ASSERT(::pipe(ends) == 0, "a pipe can be made");
        read_end = UniqueFd(ends[0]);
        write_end = UniqueFd(ends[1]);
    }
    void write(std::string_view text) const {
        const ssize_t written = ::write(write_end.get(), text.data(), text.size());
        PLAIT_ASSERT(written == static_cast<ssize_t>(text.size()), "the pipe takes everything");
    }

    UniqueFd read_end;
    UniqueFd write_end;
};

}  // namespace plait::batch::internal
