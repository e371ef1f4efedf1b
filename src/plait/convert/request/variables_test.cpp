#include "plait/convert/request/variables.hpp"

#include <doctest/doctest.h>

using namespace plait::convert;

TEST_CASE("a variable may be in the value of another, unless that one was given") {
    Variables variables;
    variables.set("base", "https://{{ host }}");
    variables.set("host", "a.example");
    variables.set_given("data", "{{host}}");
    variables.set("data", "later");
    CHECK(variables.expand("{{base}}/{{_.data}}{{") == "https://a.example/{{host}}{{");
}

TEST_CASE("a variable without a value, or in its own, is refused") {
    Variables variables;
    variables.set("a", "{{b}}");
    variables.set("b", "{{a}}");
    CHECK_THROWS_WITH(variables.expand("{{a}}"), "{{a}} refers to itself");
    CHECK_THROWS_WITH(variables.expand("{{c}}"), "{{c}} has no value: --var 'c=...'");
    CHECK_THROWS_WITH(variables.expand("{{$guid}}"),
                      "{{$guid}} is made anew for each request; for one value: --var '$guid=...'");
    variables.set("long", std::string(1 << 20, 'x'));
    variables.set("longer", "{{long}}{{long}}{{long}}{{long}}{{long}}{{long}}{{long}}{{long}}");
    variables.set("longest",
                  "{{longer}}{{longer}}{{longer}}{{longer}}{{longer}}{{longer}}{{longer}}{{longer}}{{longer}}");
    CHECK_THROWS(variables.expand("{{longest}}"));
}

TEST_CASE("secrets are known that given values name, and no others") {
    Variables variables;
    variables.set("a", "{{env.A}}");
    add_variable(variables, "b=x {{env.B}} {{file.c}}");
    CHECK(variables.given_references() == std::vector<std::string>{"env.B", "file.c"});
    CHECK_THROWS(add_variable(variables, "novalue"));
}
