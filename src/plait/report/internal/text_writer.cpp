#include "plait/report/internal/text_writer.hpp"

#include "plait/report/internal/words.hpp"

#include <algorithm>

namespace plait::report::internal {

namespace {

/// Returns the number of bytes before the first blank at which a line may end: a number stays with its unit.
std::size_t unbroken(std::string_view text) {
    constexpr std::size_t longest_unit = 3;
    std::size_t end = std::min(text.find(' '), text.size());
    if (end == text.size() || text[0] < '0' || text[0] > '9') return end;
    const std::size_t behind_unit = std::min(text.find(' ', end + 1), text.size());
    return behind_unit - end - 1 <= longest_unit ? behind_unit : end;
}

}  // namespace

void TextWriter::put(std::string_view text, std::string_view colour) {
    if (!options_.colour) colour = {};
    if (colour != colour_) {
        if (!colour_.empty()) text_ += "\x1b[0m";
        if (!colour.empty()) text_.append("\x1b[").append(colour).append("m");
        colour_ = colour;
    }
    text_ += text;
}

void TextWriter::end_line() {
    put("");
    while (text_.ends_with(' ')) text_.pop_back();
    text_ += '\n';
}

void TextWriter::paragraph(std::string_view text, std::size_t first, std::size_t others, std::string_view colour) {
    put(std::string(first, ' '));
    std::size_t used = first;
    bool begins = true;
    while (!text.empty()) {
        const std::size_t size = unbroken(text);
        const std::string word = fitted(text.substr(0, size), options_.columns - others, options_.ascii);
        text.remove_prefix(std::min(text.size(), size + 1));
        if (word.empty()) continue;
        const std::size_t columns = columns_of(word);
        if (!begins && used + 1 + columns > options_.columns) {
            end_line();
            put(std::string(others, ' '));
            used = others;
            begins = true;
        }
        put((begins ? "" : " ") + word, colour);
        used += columns + (begins ? 0 : 1);
        begins = false;
    }
    end_line();
}

void TextWriter::column(std::string_view text, std::size_t columns, bool to_the_right, std::string_view colour) {
    const std::string shown = fitted(text, columns, options_.ascii);
    const std::string blanks(columns - std::min(columns, columns_of(shown)), ' ');
    if (to_the_right) put(blanks);
    put(shown, colour);
    if (!to_the_right) put(blanks);
}

}  // namespace plait::report::internal
