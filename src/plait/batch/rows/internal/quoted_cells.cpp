#include "plait/batch/rows/internal/quoted_cells.hpp"

#include "plait/base/error.hpp"

#include <new>

namespace plait::batch::internal {

namespace {

/// libcsv grows its buffer by this for each step.
constexpr std::size_t step = 64 * 1024;

/// By default, libcsv drops blanks around a cell.
int nothing_is_space(unsigned char) { return 0; }

}  // namespace

QuotedCells::QuotedCells() {
    ::csv_init(&parser_, CSV_STRICT | CSV_EMPTY_IS_NULL);
    ::csv_set_space_func(&parser_, nothing_is_space);
    ::csv_set_blk_size(&parser_, step);
}

QuotedCells::~QuotedCells() { ::csv_free(&parser_); }

void QuotedCells::take_cell(void* text, std::size_t size, void* self) noexcept {
    auto& cells = *static_cast<QuotedCells*>(self);
    cells.extents_.push_back({cells.text_.size(), size, text == nullptr});
    if (text) cells.text_.append(static_cast<const char*>(text), size);
}

void QuotedCells::end_row(int, void* self) noexcept { ++static_cast<QuotedCells*>(self)->rows_; }

QuotedCells::State QuotedCells::add(std::string_view line) {
    size_ += line.size();
    const std::size_t read = ::csv_parse(&parser_, line.data(), line.size(), take_cell, end_row, this);
    if (read != line.size() && ::csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
    if (read != line.size() || rows_ > 1) return State::broken;
    return rows_ == 1 ? State::complete : State::open;
}

void QuotedCells::reset() {
    ::csv_fini(&parser_, nullptr, nullptr, nullptr);
    text_.clear();
    extents_.clear();
    rows_ = size_ = 0;
}

void QuotedCells::append_to(std::vector<std::optional<std::string_view>>& cells) const {
    const std::string_view text = text_;
    for (const Extent& extent : extents_) {
        if (extent.is_missing) {
            cells.emplace_back();
        } else {
            cells.emplace_back(text.substr(extent.start, extent.size));
        }
    }
}

}  // namespace plait::batch::internal
