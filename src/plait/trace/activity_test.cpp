#include "plait/trace/activity.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace plait::trace;

TEST_CASE("each activity has its own place in the table of names and its own letter") {
    std::set<char> letters;
    for (std::size_t i = 0; i < activity_count; ++i) {
        CHECK(static_cast<std::size_t>(activity_names[i].activity) == i);
        CHECK(letters.insert(activity_names[i].letter).second);
        CHECK(letter_of(activity_names[i].activity) == activity_names[i].letter);
        CHECK(to_string(activity_names[i].activity) == activity_names[i].name);
    }
}
