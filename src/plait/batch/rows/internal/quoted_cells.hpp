#pragma once

#include <csv.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch::internal {

/// Takes rows with quoted cells apart, by libcsv in its strict mode.
class QuotedCells {
  public:
    enum class State {
        complete,  ///< the row is there
        open,      ///< a cell goes on in the next line
        broken     ///< quotes are not doubled, or text follows a closing one: the row is lost
    };

    QuotedCells();
    QuotedCells(const QuotedCells&) = delete;
    QuotedCells& operator=(const QuotedCells&) = delete;
    ~QuotedCells();

    void set_delimiter(char delimiter) { ::csv_set_delim(&parser_, static_cast<unsigned char>(delimiter)); }

    /// Adds a line or its line break. A carriage return ends a row, too.
    State add(std::string_view line);

    /// Starts a new row, whatever is there.
    void reset();

    /// The number of bytes in the row so far.
    std::size_t size() const noexcept { return size_; }

    /// Appends the cells of the row that is complete; nothing for one that is empty and not in quotes. Valid until the
    /// next call of another function.
    void append_to(std::vector<std::optional<std::string_view>>& cells) const;

  private:
    static void take_cell(void* text, std::size_t size, void* self) noexcept;
    static void end_row(int end, void* self) noexcept;

    csv_parser parser_{};
    std::string text_;  ///< of all cells
    struct Extent {
        std::size_t start;
        std::size_t size;
        bool is_missing;
    };
    std::vector<Extent> extents_;
    std::size_t rows_ = 0;
    std::size_t size_ = 0;
};

}  // namespace plait::batch::internal
