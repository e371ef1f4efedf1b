#include "plait/base/text/line_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace plait;

namespace {

/// Adds `text` in pieces of at most `piece` bytes. Returns its lines, the last of which may lack a line break.
std::vector<std::string> lines_of(std::string_view text, std::size_t piece, LineBuffer buffer) {
    std::vector<std::string> lines;
    for (;;) {
        std::uint64_t offset = buffer.offset();
        while (const auto line = buffer.take_line()) {
            lines.emplace_back(*line);
            CHECK(buffer.offset() == offset + line->size() + 1);
            offset = buffer.offset();
        }
        const auto room = buffer.room();
        const std::size_t size = std::min({piece, room.size(), text.size()});
        if (size == 0) break;
        std::copy_n(text.begin(), size, room.begin());
        text.remove_prefix(size);
        buffer.add(size);
    }
    const std::string rest(buffer.take_rest());
    if (!rest.empty()) lines.push_back(rest);
    return lines;
}

}  // namespace

TEST_CASE("lines are the same, however their bytes arrive and however small the buffer is") {
    const std::string_view text = "one\n\nthree is longer\n4\nlast";
    const std::vector<std::string> expected{"one", "", "three is longer", "4", "last"};
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        for (std::size_t first = 1; first <= text.size(); ++first) {
            CHECK(lines_of(text, piece, LineBuffer(first)) == expected);
            CHECK(lines_of(text, piece, LineBuffer(first, 1000, 64)) == expected);
        }
    }
    CHECK(lines_of("", 1, LineBuffer(1)).empty());
    CHECK(lines_of("\n", 1, LineBuffer(1)) == std::vector<std::string>{""});
}

TEST_CASE("a buffer does not grow beyond its limit") {
    LineBuffer buffer(2, 5);
    for (std::span<char> room = buffer.room(); !room.empty(); room = buffer.room()) {
        std::fill(room.begin(), room.end(), 'x');
        buffer.add(room.size());
        CHECK_FALSE(buffer.take_line());
    }
    CHECK(buffer.rest() == "xxxxx");
    CHECK(buffer.take_rest() == "xxxxx");
    CHECK(buffer.rest().empty());
    CHECK(buffer.offset() == 5);
    CHECK(buffer.room().size() == 5);
}
