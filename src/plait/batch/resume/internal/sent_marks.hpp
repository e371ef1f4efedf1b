#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch::internal {

/// Which requests left, or turned out not to have left, since a journal's last commit. In a file that is mapped into
/// memory: what was written there outlives a killed process, and costs no system call.
class SentMarks {
  public:
    struct Mark {
        std::uint64_t line;
        bool is_sent;

        friend bool operator==(const Mark&, const Mark&) = default;
    };

    /// So many fit.
    static constexpr std::size_t most = 504;

    /// The marks in the file, in the order in which they were added; nothing when it is gone, or is of another run.
    /// Throws `Error(storage)` when it can't be read.
    static std::optional<std::vector<Mark>> read(const std::string& path, std::string_view run_id);

    /// Makes the file, without marks, for its owner alone; one that is there is emptied. Throws `Error(storage)`.
    SentMarks(const std::string& path, std::string_view run_id);
    SentMarks(const SentMarks&) = delete;
    SentMarks& operator=(const SentMarks&) = delete;
    /// The file stays.
    ~SentMarks();

    bool is_full() const noexcept { return count_ == most; }

    /// When it is not full.
    void add(Mark mark) noexcept;

    /// They are committed elsewhere. Who reads while this goes on finds the last of them, of each line the last one.
    void clear() noexcept;

  private:
    struct Page;

    Page* page_;
    std::size_t count_ = 0;
};

}  // namespace plait::batch::internal
