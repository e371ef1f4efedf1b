#include "plait/base/words.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace std::chrono_literals;

TEST_CASE("a time is told in the unit that suits it") {
    CHECK(in_words(0ns) == "0 us");
    CHECK(in_words(350us) == "350 us");
    CHECK(in_words(999'900ns) == "1 ms");
    CHECK(in_words(90ms) == "90 ms");
    CHECK(in_words(999'900us) == "1.0 s");
    CHECK(in_words(12'500ms) == "12.5 s");
    CHECK(in_words(123s) == "2 m 03 s");
    CHECK(in_words(90min) == "1 h 30 m");
    CHECK(in_words(100h) == "100 h 00 m");
    CHECK(in_words(-1s) == "0 us");
}

TEST_CASE("text from outside stays on its line and keeps to its length") {
    CHECK(printable("row-17") == "row-17");
    CHECK(printable("a\n\x1b[2J\x7f") == "a??[2J?");
    CHECK(printable("äöü", 3) == "ä...");
    CHECK(printable("äöü", 4) == "äö...");
    CHECK(printable("äöü", 6) == "äöü");
    CHECK(printable("abcdef", 3) == "abc...");
}
