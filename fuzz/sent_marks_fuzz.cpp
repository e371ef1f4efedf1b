// The file of requests that were sent since a journal's last commit.
#include "plait/base/unique_fd.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/resume/internal/sent_marks.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include "target.hpp"
#include <string>

using plait::batch::internal::SentMarks;

void feed(std::string_view bytes) {
    const plait::UniqueFd file(::memfd_create("marks", MFD_CLOEXEC));
    const auto written = ::pwrite(file.get(), bytes.data(), bytes.size(), 0);
    PLAIT_ASSERT(written == static_cast<ssize_t>(bytes.size()), "a file in memory takes everything");
    const auto marks = SentMarks::read("/proc/self/fd/" + std::to_string(file.get()), "run");
    if (!marks) return;
    PLAIT_ASSERT(marks->size() <= SentMarks::most, "no more than fit");
    for (const auto& mark : *marks) PLAIT_ASSERT(mark.line <= plait::batch::LineSet::largest_line, "a line's number");
}
