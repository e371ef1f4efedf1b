#include "plait/batch/resume/internal/sent_marks.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/call/line_set.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

namespace plait::batch::internal {

namespace {

/// A word with this bit is a mark; 0 is none.
constexpr std::uint64_t is_mark = 1;
constexpr std::uint64_t is_sent = 2;
constexpr int line_shift = 2;

constexpr std::string_view kind = "plait sent marks 1\n";

[[noreturn]] void fail(std::string_view what, const std::string& path) {
    throw Error(ErrorCode::storage, fmt::format("{} {}: {}", what, path, system_message(errno)));
}

}  // namespace

struct SentMarks::Page {
    std::array<char, 64> head{};
    std::array<std::uint64_t, most> marks{};

    explicit Page(std::string_view run_id) noexcept {
        const auto behind = std::copy(kind.begin(), kind.end(), head.begin());
        std::copy_n(run_id.begin(), std::min(run_id.size(), head.size() - kind.size()), behind);
    }
};

std::optional<std::vector<SentMarks::Mark>> SentMarks::read(const std::string& path, std::string_view run_id) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return std::nullopt;
    if (!file) fail("open", path);
    Page page("");
    const ssize_t bytes = ::read(file.get(), &page, sizeof page);
    if (bytes < 0) fail("read", path);
    if (bytes != sizeof page || page.head != Page(run_id).head) return std::nullopt;
    std::vector<Mark> marks;
    for (const std::uint64_t word : page.marks) {
        if (word == 0) continue;
        if ((word & is_mark) == 0 || word >> line_shift > LineSet::largest_line) return std::nullopt;
        marks.push_back(Mark{word >> line_shift, (word & is_sent) != 0});
    }
    return marks;
}

// The file is written before it is mapped, so that a full disk is an error here and not a SIGBUS later.
SentMarks::SentMarks(const std::string& path, std::string_view run_id) {
    static_assert(sizeof(Page) == 4096);
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) fail("create", path);
    const Page empty(run_id);
    const ssize_t written = ::pwrite(file.get(), &empty, sizeof empty, 0);
    if (written >= 0 && written < static_cast<ssize_t>(sizeof empty)) errno = ENOSPC;
    if (written != sizeof empty) fail("write", path);
    void* const memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) fail("map", path);
    page_ = static_cast<Page*>(memory);
}

SentMarks::~SentMarks() { ::munmap(page_, sizeof(Page)); }

void SentMarks::add(Mark mark) noexcept {
    const std::uint64_t word = mark.line << line_shift | (mark.is_sent ? is_sent : 0) | is_mark;
    std::atomic_ref(page_->marks[count_++]).store(word, std::memory_order_release);
}

void SentMarks::clear() noexcept {
    for (std::size_t at = 0; at < count_; ++at) std::atomic_ref(page_->marks[at]).store(0, std::memory_order_release);
    count_ = 0;
}

}  // namespace plait::batch::internal
