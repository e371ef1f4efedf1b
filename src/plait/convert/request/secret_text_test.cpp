#include "plait/convert/request/secret_text.hpp"

#include <doctest/doctest.h>

using namespace plait::convert;

TEST_CASE("names for secrets are recognised") {
    for (const char* name : {"user[password]", "GITHUB_TOKEN", "server.token", "pwd", "X-Amz-Signature", "apiKey"}) {
        CAPTURE(name);
        CHECK(names_secret(name));
    }
    for (const char* name : {"max_tokens", "key", "code", "name", "passenger", "", "[]", "]"}) {
        CAPTURE(name);
        CHECK_FALSE(names_secret(name));
    }
    CHECK(names_secret_parameter("key"));
    CHECK(names_secret_header("X-Auth"));
    CHECK_FALSE(names_secret_header("Idempotency-Key"));
}

TEST_CASE("secrets of a body are found in their order") {
    using Found = std::vector<std::string_view>;
    CHECK(find_secrets("{\"password\": \"a\\\"bcd\", \"n\": 1, \"pin\": 12345}") == Found{"a\\\"bcd", "12345"});
    CHECK(find_secrets("{\"tokens\":[\"abcd\", \"efgh\"],\"b\":\"ijkl\"}") == Found{"abcd", "efgh"});
    CHECK(find_secrets("{\"token\":\"abcd\",\"b\":\"ijkl\"}") == Found{"abcd"});
    CHECK(find_secrets("{\"a\":\"{\\\"password\\\":\\\"abcd\\\"}\"}") == Found{"abcd"});
    CHECK(find_secrets("<x:password a=\"b\">abcd</x:password><secret/><token>efgh</token>") == Found{"abcd", "efgh"});
    CHECK(find_secrets("--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nab cd\r\n--b--\r\n") ==
          Found{"ab cd"});
    CHECK(find_secrets("token=abcdefgh next password: ijklmn") == Found{"abcdefgh", "ijklmn"});
    for (const char* text : {"{\"n\":\"password\"}", "{\"password\":null}", "{\"token\":\"{{env.A}}\"}", "\"token\":",
                             "\"token\":[", "<token", "name=\"password\"", "max_tokens=10000", "password", ""}) {
        CAPTURE(text);
        CHECK(find_secrets(text).empty());
    }
}
