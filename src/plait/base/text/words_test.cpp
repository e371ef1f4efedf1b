#include "plait/base/text/words.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace std::chrono_literals;

TEST_CASE("a duration is written in the unit that suits it") {
    CHECK(in_words(0ns) == "0 us");
    CHECK(in_words(-1s) == "0 us");
    CHECK(in_words(100ns) == "0.1 us");
    CHECK(in_words(350us) == "350 us");
    CHECK(in_words(999'900ns) == "1 ms");
    CHECK(in_words(90ms) == "90 ms");
    CHECK(in_words(25'345us) == "25.3 ms");
    CHECK(in_words(999'900us) == "1 s");
    CHECK(in_words(9'999ms) == "10 s");
    CHECK(in_words(12'500ms) == "12.5 s");
    CHECK(in_words(60s) == "60 s");
    CHECK(in_words(119s) == "119 s");
    CHECK(in_words(120s) == "2 min");
    CHECK(in_words(123s) == "2 min 3 s");
    CHECK(in_words(90min) == "1 h 30 min");
    CHECK(in_words(100h) == "100 h");
}

TEST_CASE("a measured duration keeps its digits") {
    CHECK(in_words(0ns, 3) == "0 us");
    CHECK(in_words(100ns, 3) == "0.10 us");
    CHECK(in_words(950us, 3) == "950 us");
    CHECK(in_words(9'120us, 3) == "9.12 ms");
    CHECK(in_words(9'999us, 3) == "10.0 ms");
    CHECK(in_words(999'900us, 3) == "1.00 s");
    CHECK(in_words(14'430ms, 3) == "14.4 s");
    CHECK(in_words(14'430ms, 2) == "14 s");
    CHECK(in_words(200s, 3) == "3 min 20 s");
    CHECK(in_words(3h + 5min, 3) == "3 h 5 min");
}

TEST_CASE("foreign text stays on one line and within its length") {
    CHECK(printable("row-17") == "row-17");
    CHECK(printable("a\n\x1b[2J\x7f") == "a??[2J?");
    CHECK(printable("äöü", 3) == "ä...");
    CHECK(printable("äöü", 4) == "äö...");
    CHECK(printable("äöü", 6) == "äöü");
    CHECK(printable("abcdef", 3) == "abc...");
}
