#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch::internal {

/// Marks the requests that were sent, or turned out not to have been sent, since a journal's last commit. The marks are
/// in a mapped file: they survive a killed process and cost no system call.
class SentMarks {
  public:
    struct Mark {
        std::uint64_t line;
        bool is_sent;

        friend bool operator==(const Mark&, const Mark&) = default;
    };

    /// The number of marks that fit.
    static constexpr std::size_t most = 504;

    /// Reads the marks in the order in which they were added; nothing if the file is missing, or is that of another
    /// run. Throws `Error(storage)` if it can't be read.
    static std::optional<std::vector<Mark>> read(const std::string& path, std::string_view run_id);

    /// Creates the file without marks, for its owner alone, or empties it. Throws `Error(storage)`.
    SentMarks(const std::string& path, std::string_view run_id);
    SentMarks(const SentMarks&) = delete;
    SentMarks& operator=(const SentMarks&) = delete;
    /// Keeps the file.
    ~SentMarks();

    bool is_full() const noexcept { return count_ == most; }

    /// Adds a mark. There must be room for it.
    void add(Mark mark) noexcept;

    /// Removes all marks, once they are committed. The oldest goes first, so that a reader meanwhile finds the latest
    /// mark of each line.
    void clear() noexcept;

  private:
    struct Page;

    Page* page_;
    std::size_t count_ = 0;
};

}  // namespace plait::batch::internal
