#include "plait/convert/curl/shell_words.hpp"

#include <doctest/doctest.h>

using namespace plait::convert;

namespace {

std::vector<std::string> words(std::string_view script) {
    const auto commands = split_shell(script);
    REQUIRE(commands.size() == 1);
    CHECK(commands[0].problem == "");
    return commands[0].words;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("quotes are undone as bash does") {
    CHECK(words("a 'b c'\"d e\"\\ f g''") == Words{"a", "b cd e f", "g"});
    CHECK(words("a \"\\$x \\n \\\" \\\\ '\" ''") == Words{"a", "$x \\n \" \\ '", ""});
    CHECK(words("a \\\n  b # c 'd\n") == Words{"a", "b"});
    CHECK(words("a\\\r\n b#c") == Words{"a", "b#c"});
    CHECK(words("a $ $% \"$\"") == Words{"a", "$", "$%", "$"});
}

TEST_CASE("a quote with a dollar sign has escapes as in C") {
    CHECK(words("a $'\\u0021\\'\\x41\\101\\n\\t\\e\\\\\\q\\U0001f600'") == Words{"a", "!'AA\n\t\x1b\\\\q\U0001f600"});
    CHECK(words("$'\\xc3\\xa9'") == Words{"\xc3\xa9"});
}

TEST_CASE("commands end at line breaks and operators") {
    const auto commands = split_shell("a 1; b\n\nc && d | e & f > out 2>&1 g\n");
    REQUIRE(commands.size() == 6);
    CHECK(commands[2].line == 3);
    CHECK(commands[5].words == Words{"f", "g"});
}

TEST_CASE("a variable that the script or the user sets has its value") {
    Variables given;
    given.set_given("B", "2");
    const auto commands = split_shell("A=1 B=3\nexport C=$A$B\nX=1 a \"$A${B}\" $C '$A'\n", given);
    REQUIRE(commands.size() == 1);
    CHECK(commands[0].words == Words{"a", "12", "12", "$A"});
}

TEST_CASE("what only running the script would tell is a problem of its command") {
    for (const char* script :
         {"a $(b)", "a `b`", "a ${b:-c}", "a <b", "a 'b", "a $NONE", "a {1,2}", "a \"b", "(a)", "a $'b"}) {
        CAPTURE(script);
        const auto commands = split_shell(script);
        REQUIRE(!commands.empty());
        CHECK(commands[0].problem != "");
    }
}
