#include "plait/http/message/internal/escaped.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::http::internal;

TEST_CASE("escaped bytes stay on one line, in ASCII, and short") {
    CHECK(escaped("plain text") == "plain text");
    CHECK(escaped("a\r\nb\x7f\xc3") == "a\\x0d\\x0ab\\x7f\\xc3");
    CHECK(escaped("0123456789", 4) == "0123...");
    CHECK(escaped("0123", 4) == "0123");
}
