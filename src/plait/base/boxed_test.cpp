#include "plait/base/boxed.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using plait::Boxed;

TEST_CASE("a boxed value is optional, and is copied with its box") {
    Boxed<std::string> box;
    CHECK_FALSE(box);
    box = std::string("a");
    Boxed<std::string> copy = box;
    *copy += "b";
    CHECK(*box == "a");
    CHECK(*copy == "ab");
    copy = box;
    CHECK(copy->size() == 1);
    CHECK(copy.emplace(3, 'x') == "xxx");
    const Boxed<std::string> moved = std::move(copy);
    CHECK(*moved == "xxx");
    box.reset();
    CHECK_FALSE(box.has_value());
    CHECK_FALSE(Boxed<std::string>(box).has_value());
}
