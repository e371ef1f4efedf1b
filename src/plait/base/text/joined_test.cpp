#include "plait/base/text/joined.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace plait;

TEST_CASE("texts in a row have the separator between any two, and only there") {
    CHECK(joined_by(std::vector<std::string>{}, ", ").empty());
    CHECK(joined_by(std::vector<std::string>{"a"}, ", ") == "a");
    CHECK(joined_by(std::vector<std::string_view>{"", "b", ""}, ", ") == ", b, ");
}
