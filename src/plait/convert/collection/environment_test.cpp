#include "plait/convert/collection/environment.hpp"

#include <doctest/doctest.h>

using namespace plait::convert;

TEST_CASE("an environment is Postman's, an object, lines, or Bruno's") {
    for (const char* text :
         {"{\"values\":[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\",\"value\":\"2\",\"enabled\":false}]}",
          "{\"a\":1,\"c\":{}}", "# comment\nexport a='1'\n", "vars {\n  a: 1\n  ~b: 2\n}\n"}) {
        CAPTURE(text);
        Variables variables;
        add_environment_text(variables, text);
        CHECK(variables.expand("{{a}}") == "1");
        CHECK_FALSE(variables.find("b"));
    }
    Variables variables;
    CHECK_THROWS(add_environment_text(variables, "nothing"));
}

TEST_CASE("an environment wins over the file, and loses to the command line") {
    Variables variables;
    variables.set_given("a", "given");
    add_environment_text(variables, "a=environment\nb=environment\n");
    variables.set("a", "file");
    variables.set("b", "file");
    CHECK(variables.expand("{{a}} {{b}}") == "given environment");
}
