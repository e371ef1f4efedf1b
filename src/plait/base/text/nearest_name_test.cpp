#include "plait/base/text/nearest_name.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace plait;

namespace {
constexpr std::array<std::string_view, 4> names{"url", "method", "metadata", "custom_id"};
}

TEST_CASE("a typing error finds the name that was meant") {
    CHECK(nearest_name("ulr", names) == "url");
    CHECK(nearest_name("metod", names) == "method");
    CHECK(nearest_name("customid", names) == "custom_id");
    CHECK(nearest_name("meta_data", names) == "metadata");
}

TEST_CASE("a word that is unlike every name finds none") {
    CHECK(nearest_name("priority", names).empty());
    CHECK(nearest_name("", names).empty());
    CHECK(nearest_name(std::string(1000, 'u'), names).empty());
}
