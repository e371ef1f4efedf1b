#include "plait/batch/lines/input_notes.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace plait::batch;

TEST_CASE("the first case of each kind gets a warning, and the rest are counted") {
    std::vector<std::string> said;
    InputNotes notes([&said](const std::string& sentence) { said.push_back(sentence); });
    notes.names_left(3, {"env.A\n", "env.B"});
    notes.names_left(5, {"env.B"});
    notes.joined_once(4, "/v1/x?key=1", "https://h/v1/x?key=1");
    notes.joined_once(6, "/v1/y", "https://h/v1/y");
    CHECK(said == std::vector<std::string>{
                      "line 3 has {{env.A?}}, sent as it stands: not permitted by --secret",
                      "line 4: /v1/x begins with the path of --base-url, which is used once: https://h/v1/x"});
    CHECK(notes.calls_with_left_names() == 2);
    CHECK(notes.left_names()[1].calls == 2);
    CHECK(notes.left_names()[1].first_line == 3);
    CHECK(notes.urls_joined_once() == 2);
}

TEST_CASE("names are kept up to a limit, and calls are counted beyond it") {
    InputNotes notes;
    for (std::uint64_t line = 1; line <= 100; ++line) notes.names_left(line, {fmt::format("env.N{}", line)});
    CHECK(notes.left_names().size() == InputNotes::most_names);
    CHECK(notes.calls_with_left_names() == 100);
}
