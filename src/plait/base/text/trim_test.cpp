#include "plait/base/text/trim.hpp"

#include <doctest/doctest.h>

using namespace plait;

TEST_CASE("trimmed text has no blanks around it") {
    CHECK(trimmed(" \ta b\t ") == "a b");
    CHECK(trimmed("a") == "a");
    CHECK(trimmed(" \t ").empty());
    CHECK(trimmed("").empty());
    CHECK(trimmed(" a\r\n") == "a\r\n");
    CHECK(trimmed(" a\r\n", " \r\n") == "a");
}

TEST_CASE("blanks in front are skipped") {
    const auto rest = [](std::string_view text) {
        skip_blanks(text);
        return text;
    };
    CHECK(rest(" \ta b ") == "a b ");
    CHECK(rest("a") == "a");
    CHECK(rest("  ").empty());
    CHECK(rest("").empty());
}
