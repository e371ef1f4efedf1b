#include "plait/convert/collection/insomnia.hpp"

#include "plait/convert/request/tree.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::convert;

namespace {

Conversion converted(const std::string& text) {
    const Input input("-", "type: collection.insomnia.rest/5.0\nname: Calls\n" + text);
    CHECK(is_insomnia(input));
    Conversion conversion;
    read_insomnia(input, conversion);
    return conversion;
}

}  // namespace

TEST_CASE("YAML becomes a tree, and its aliases have a bound") {
    const Tree tree = read_yaml("a: [1, 'true', true, ~]\nx: &x {b: \"c\\nd\"}\ne: *x\n");
    CHECK(tree["a"].items()[0].text() == "1");
    CHECK_FALSE(tree["a"].items()[1].is_true());
    CHECK(tree["a"].items()[2].is_true());
    CHECK_FALSE(tree["a"].items()[3].has_value());
    CHECK(tree["e"]["b"].text() == "c\nd");
    CHECK_THROWS(read_yaml("a: [1"));
    CHECK_THROWS(read_yaml(""));
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int n = 1; n < 9; ++n) {
        const std::string before = "*a" + std::to_string(n - 1);
        laughs += "a" + std::to_string(n) + ": &a" + std::to_string(n) + " [";
        for (int i = 0; i < 9; ++i) laughs += before + ", ";
        laughs += before + "]\n";
    }
    CHECK_THROWS(read_yaml(laughs));
    CHECK_THROWS(read_yaml("&a [*a]"));
}

TEST_CASE("Insomnia's requests stand in folders, in the order of their keys") {
    const Conversion conversion = converted(R"(
collection:
  - name: Users
    meta: {sortKey: -2}
    authentication: {type: bearer, token: "{{ _.token }}"}
    headers: [{name: X-Folder, value: "1"}]
    children:
      - name: Second
        method: post
        url: "{{ _.server.url }}/users/:id"
        meta: {sortKey: 2}
        pathParameters: [{name: id, value: a/b}]
        parameters:
          - {name: q, value: "1 &"}
          - {name: off, value: "1", disabled: true}
        headers: [{name: Content-Type, value: application/json}]
        body:
          mimeType: application/json
          text: |-
            {"a":1}
      - name: First
        method: GET
        url: http://b.example
        meta: {sortKey: 1}
        authentication: {type: none}
  - name: Socket
    url: wss://a.example
    meta: {sortKey: -3}
environments:
  data: {server: {url: "http://a.example"}, token: geheimnis}
)");
    CHECK(conversion.lines() ==
          "{\"custom_id\":\"Users/First\",\"method\":\"GET\",\"url\":\"http://"
          "b.example\",\"headers\":{\"X-Folder\":\"1\"}}\n"
          "{\"custom_id\":\"Users/Second\",\"method\":\"post\",\"url\":\"http://a.example/users/"
          "a%2Fb?q=1%20%26\",\"headers\":{"
          "\"X-Folder\":\"1\",\"Content-Type\":\"application/json\",\"Authorization\":\"Bearer "
          "{{env.A_EXAMPLE_TOKEN}}\"},"
          "\"body\":{\"a\":1}}\n");
    REQUIRE(conversion.refused().size() == 1);
    CHECK(conversion.refused()[0].where == "Socket");
}

TEST_CASE("Insomnia's forms are fields, and its tags are refused") {
    CHECK(converted(R"(
collection:
  - name: a
    method: POST
    url: http://a.example
    body:
      mimeType: application/x-www-form-urlencoded
      params: [{name: a, value: "1 2"}, {name: b, value: c, disabled: true}]
)")
              .lines()
              .ends_with("\"body\":\"a=1+2\"}\n"));
    CHECK(converted("collection:\n  - {name: a, method: GET, url: \"http://a.example/{% uuid %}\"}\n")
              .refused()
              .at(0)
              .reason == "it has a tag {% ... %}, which Insomnia computes");
}

TEST_CASE("Insomnia encodes URLs in its own way, unless it is told not to") {
    const auto url_of = [](const std::string& request) {
        const std::string lines = converted("collection:\n  - {name: a, method: GET, " + request + "}\n").lines();
        const auto begin = lines.find("http");
        return lines.substr(begin, lines.find('"', begin) - begin);
    };
    CHECK(url_of("url: \"http://a.example/a b/'x';y/%7e?t=10:30&q=a+b,c&x&=y#z\"") ==
          "http://a.example/a%20b/'x';y/%7e?t=10%3A30&q=a%2Bb,c&x");
    CHECK(url_of("url: \"http://a.example/;?t=10:30\", settings: {encodeUrl: false}") == "http://a.example/;?t=10:30");
    CHECK(url_of("url: \"http://a.example/a/../b\"") == "http://a.example/b");
    CHECK(url_of("url: \"http://a.example/a/../b\", settings: {rebuildPath: false}") == "http://a.example/a/../b");
    CHECK(url_of("url: \"http://a.example/:id\", pathParameters: [{name: id, value: \"a%/(b)\"}]") ==
          "http://a.example/a%25%2F(b)");
    CHECK(url_of("url: \"http://a.example\", parameters: [{name: \"a[]\", value: \"1,'2' %41+\"}]") ==
          "http://a.example?a%5B%5D=1,'2'%20A%2B");
}

TEST_CASE("Insomnia's headers win over its logins, and make the type of a body") {
    CHECK(converted(R"(
collection:
  - name: a
    method: POST
    url: http://a.example
    headers: [{name: authorization, value: "Bearer {{ _.mine }}"}]
    authentication: {type: basic, username: alice, password: wonderland}
    body: {mimeType: application/json, text: "[]"}
environments:
  data: {mine: geheimnis}
)")
              .lines() ==
          "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"http://a.example\",\"headers\":{"
          "\"authorization\":\"Bearer {{env.A_EXAMPLE_TOKEN}}\"},\"body\":\"[]\"}\n");
}
