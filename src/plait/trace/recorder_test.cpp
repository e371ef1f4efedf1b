#include "plait/trace/recorder.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string_view>

using namespace plait::trace;

TEST_CASE("every state and every wait has a name of its own") {
    std::set<std::string_view> states, waits;
    for (int i = 0; i <= static_cast<int>(TaskState::done); ++i) states.insert(to_string(static_cast<TaskState>(i)));
    for (int i = 0; i <= static_cast<int>(Wait::process_job); ++i) waits.insert(to_string(static_cast<Wait>(i)));
    CHECK(states.size() == static_cast<std::size_t>(TaskState::done) + 1);
    CHECK(waits.size() == static_cast<std::size_t>(Wait::process_job) + 1);
    CHECK(states.count("?") + waits.count("?") == 0);
}
