#include "plait/cli/flags/flag_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace plait::cli;

namespace {

Flag flag(std::string name) {
    return {std::move(name), "", "Do it.", [](const std::string&) {}};
}

}  // namespace

TEST_CASE("flags are grouped by heading, in the order in which headings and flags appear") {
    auto groups = grouped(joined(under("B", {flag("--b1")}), std::vector<Flag>{flag("--x")}, under("A", {flag("--a1")}),
                                 under("B", {flag("--b2"), flag("--b3")})));
    std::string text;
    for (const FlagGroup& group : groups) {
        text += std::string(group.heading) + ":";
        for (const Flag& each : group.flags) text += " " + each.name;
        text += "\n";
    }
    CHECK(text == "B: --b1 --b2 --b3\n: --x\nA: --a1\n");
}

TEST_CASE("text is wrapped at blanks and within its width") {
    CHECK(wrapped("one two three", 2, 10) == "one two\n  three");
    CHECK(wrapped("one two", 2, 9) == "one two");
    CHECK(wrapped("immeasurable one", 0, 5) == "immeasurable\none");
    CHECK(wrapped("", 2, 10).empty());
}

TEST_CASE("wrapping keeps paragraphs apart") { CHECK(wrapped("one two\n\nthree", 1, 5) == "one\n two\n\n three"); }
