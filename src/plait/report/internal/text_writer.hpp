#pragma once

#include "plait/report/text_picture.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace plait::report::internal {

/// The colour of what stands out.
inline constexpr std::string_view strong = "1";

/// Builds text line by line, and switches colours only where they change. Colours are SGR parameters, such as `1;32`.
class TextWriter {
  public:
    explicit TextWriter(const TextOptions& options) : options_(options) {}

    void put(std::string_view text, std::string_view colour = {});
    void end_line();
    /// Wraps `text` at blanks. The first line is indented by `first` blanks, the others by `others`.
    void paragraph(std::string_view text, std::size_t first = 0, std::size_t others = 0, std::string_view colour = {});
    /// Adds `text`, cut or padded to this many columns.
    void column(std::string_view text, std::size_t columns, bool to_the_right = false, std::string_view colour = {});

    std::string take() { return std::move(text_); }

  private:
    TextOptions options_;
    std::string text_;
    std::string_view colour_;
};

}  // namespace plait::report::internal
