#include "plait/convert/collection/postman.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::convert;

namespace {

/// A collection with these items, and further members.
Conversion converted(const std::string& items, const std::string& more = "") {
    Input input(
        "-",
        "{\"info\":{\"schema\":\"https://schema.getpostman.com/json/collection/v2.1.0/collection.json\"},\"item\":[" +
            items + "]" + more + "}");
    input.variables.set_given("host", "a.example");
    input.variables.set_given("secret", "{{env.SECRET}}");
    CHECK(is_postman(input));
    Conversion conversion(input.variables.given_references());
    read_postman(input, conversion);
    return conversion;
}

std::string line(const std::string& request) {
    return converted("{\"name\":\"n\",\"request\":" + request + "}").lines();
}

std::string refusal(const std::string& request) {
    const Conversion conversion = converted("{\"name\":\"n\",\"request\":" + request + "}");
    return conversion.refused().size() == 1 ? conversion.refused()[0].reason : "";
}

}  // namespace

TEST_CASE("Postman's URLs may be texts or in parts") {
    CHECK(line("\"{{host}}/x\"") == "{\"custom_id\":\"n\",\"method\":\"GET\",\"url\":\"http://a.example/x\"}\n");
    CHECK(line("{\"url\":{\"raw\":\"https://{{host}}/a?b='c#d\"}}") ==
          "{\"custom_id\":\"n\",\"method\":\"GET\",\"url\":\"https://a.example/a?b=%27c\"}\n");
    CHECK(line("{\"url\":{\"raw\":\"wrong\",\"protocol\":\"https\",\"host\":[\"api\",\"example\"],\"port\":\"8443\","
               "\"path\":[\"a\","
               "\":id\",\":none\"],\"query\":[{\"key\":\"x\",\"value\":\"1&2#=\"},{\"key\":\"y\",\"value\":null},{"
               "\"key\":\"z\","
               "\"value\":\"1\",\"disabled\":true}],\"variable\":[{\"key\":\"id\",\"value\":\"{{host}}\"}]}}") ==
          "{\"custom_id\":\"n\",\"method\":\"GET\",\"url\":\"https://api.example:8443/a/a.example/"
          ":none?x=1%262%23=&y\"}\n");
}

TEST_CASE("Postman's logins are inherited, and may be switched off") {
    const std::string bearer = "\"auth\":{\"type\":\"bearer\",\"bearer\":[{\"key\":\"token\",\"value\":\"abcdefgh\"}]}";
    const Conversion conversion = converted(
        "{\"name\":\"f\",\"item\":[{\"name\":\"a\",\"request\":{\"url\":\"{{host}}\"}},{\"name\":\"b\",\"request\":{"
        "\"url\":\"{{host}}\","
        "\"auth\":{\"type\":\"noauth\"}}},{\"name\":\"c\",\"request\":{\"url\":\"{{host}}\",\"auth\":{\"type\":"
        "\"apikey\",\"apikey\":"
        "[{\"key\":\"key\",\"value\":\"k\"},{\"key\":\"value\",\"value\":\"{{secret}}\"},{\"key\":\"in\",\"value\":"
        "\"query\"}]}}}]}",
        "," + bearer);
    CHECK(conversion.lines() ==
          "{\"custom_id\":\"f/a\",\"method\":\"GET\",\"url\":\"http://"
          "a.example\",\"headers\":{\"Authorization\":\"Bearer "
          "{{env.A_EXAMPLE_TOKEN}}\"}}\n{\"custom_id\":\"f/b\",\"method\":\"GET\",\"url\":\"http://a.example\"}\n"
          "{\"custom_id\":\"f/c\",\"method\":\"GET\",\"url\":\"http://"
          "a.example\",\"params\":{\"k\":\"{{env.SECRET}}\"}}\n");
    CHECK(refusal("{\"url\":\"{{host}}\",\"auth\":{\"type\":\"awsv4\"}}") ==
          "its login is awsv4, which is computed or asked for anew");
}

TEST_CASE("Postman's bodies have the types that newman sends") {
    const auto post = [](const std::string& body) {
        const std::string text = line("{\"method\":\"POST\",\"url\":\"{{host}}\",\"body\":" + body + "}");
        return text.substr(text.find("\"headers\""));
    };
    CHECK(post("{\"mode\":\"raw\",\"raw\":\"x\"}") ==
          "\"headers\":{\"Content-Type\":\"text/plain\"},\"body\":\"x\"}\n");
    CHECK(post("{\"mode\":\"raw\",\"raw\":\"{}\",\"options\":{\"raw\":{\"language\":\"json\"}}}") ==
          "\"headers\":{\"Content-Type\":\"application/json\"},\"body\":{}}\n");
    CHECK(post("{\"mode\":\"urlencoded\",\"urlencoded\":[{\"key\":\"a\",\"value\":\" "
               "'\"},{\"key\":\"b\"},{\"key\":\"a\",\"value\":\"2\"}]}") ==
          "\"headers\":{\"Content-Type\":\"application/x-www-form-urlencoded\"},\"body\":\"a=%20%27&a=2&b=\"}\n");
    CHECK(
        post("{\"mode\":\"graphql\",\"graphql\":{\"query\":\"{a}\",\"variables\":\"{\\\"b\\\": 1}\"}}") ==
        "\"headers\":{\"Content-Type\":\"application/json\"},\"body\":{\"query\":\"{a}\",\"variables\":{\"b\": 1}}}\n");
    CHECK(line("{\"url\":\"{{host}}\",\"body\":{\"mode\":\"raw\",\"raw\":\"x\"}}").find("body") == std::string::npos);
}

TEST_CASE("features that only Postman has are refused, with the way out") {
    CHECK(refusal("\"{{host}}/{{x}}\"") == "{{x}} has no value: --var 'x=...'");
    CHECK(refusal("{\"url\":\"{{host}}\",\"method\":\"POST\",\"body\":{\"mode\":\"file\",\"file\":{\"src\":\"/etc/"
                  "hosts\"}}}") ==
          "it names the file '/etc/hosts', which is not in the working directory: copy it there");
    CHECK(converted("{\"name\":\"a\",\"request\":\"{{host}}\",\"event\":[{\"listen\":\"prerequest\",\"script\":{"
                    "\"exec\":[\"x()\"]}}]}")
              .advice()[0] == "a has a script that runs before a request; it was not run");
}

TEST_CASE("requests of one name have different ids") {
    CHECK(converted("{\"name\":\"a\",\"request\":\"b.example\"},{\"name\":\"a\",\"request\":\"c.example\"}").lines() ==
          "{\"custom_id\":\"a\",\"method\":\"GET\",\"url\":\"http://b.example\"}\n"
          "{\"custom_id\":\"a#2\",\"method\":\"GET\",\"url\":\"http://c.example\"}\n");
}

TEST_CASE("API keys and variables of the type secret are in no line") {
    const std::string auth =
        "\"auth\":{\"type\":\"apikey\",\"apikey\":[{\"key\":\"key\",\"value\":\"k\"},{\"key\":"
        "\"value\",\"value\":\"KEYVALUE\"},{\"key\":\"in\",\"value\":\"";
    for (const char* place : {"query", "header"}) {
        const std::string text = line("{\"url\":\"{{host}}\"," + auth + place + "\"}]}}");
        CHECK(text.find("KEYVALUE") == std::string::npos);
        CHECK(text.find("{{env.A_EXAMPLE_K}}") != std::string::npos);
    }
    const Conversion conversion = converted(
        "{\"name\":\"a\",\"request\":{\"url\":\"{{host}}?x={{v}}\",\"header\":[{\"key\":\"X-Foo\",\"value\":\"{{v}}\"}]"
        "}},"
        "{\"name\":\"b\",\"request\":\"{{host}}/{{v}}\"}",
        ",\"variable\":[{\"key\":\"v\",\"value\":\"geheim99\",\"type\":\"secret\"}]");
    CHECK(conversion.count() == 1);
    CHECK(conversion.lines().find("geheim99") == std::string::npos);
    REQUIRE(conversion.refused().size() == 1);
    CHECK(conversion.refused()[0].reason ==
          "the value of a secret is in its path, or in another place that can't name a secret");
}
