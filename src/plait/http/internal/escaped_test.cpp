#include "plait/http/internal/escaped.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::http::internal;
using namespace std::chrono_literals;

TEST_CASE("quoted text stays on one line, in ASCII, and short") {
    CHECK(printable("plain text") == "plain text");
    CHECK(printable("a\r\nb\x7f\xc3") == "a\\x0d\\x0ab\\x7f\\xc3");
    CHECK(printable("0123456789", 4) == "0123...");
    CHECK(printable("0123", 4) == "0123");
}

TEST_CASE("a duration is told in the unit that fits it") {
    CHECK(in_words(0s) == "0 ms");
    CHECK(in_words(79us) == "0.079 ms");
    CHECK(in_words(25345us) == "25.3 ms");
    CHECK(in_words(1s) == "1 s");
    CHECK(in_words(1500ms) == "1.5 s");
    CHECK(in_words(120s) == "120 s");
    CHECK(in_words(1h) == "3600 s");
}
