#include "plait/batch/call/secrets.hpp"

#include "plait/base/text/json_string.hpp"
#include "plait/http/message/url.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <random>
#include <utility>

using namespace plait;
using namespace plait::batch;

namespace {

std::string redacted(std::string text, std::initializer_list<std::pair<std::string, std::string>> known) {
    Secrets secrets;
    for (const auto& [name, value] : known) secrets.add(name, value);
    secrets.redact(text);
    return text;
}

/// Redacts one secret, which is called env.KEY.
std::string without(std::string value, std::string text) {
    return redacted(std::move(text), {{"env.KEY", std::move(value)}});
}

}  // namespace

TEST_CASE("every occurrence of a secret is replaced by its name") {
    CHECK(without("s3cret", "a s3cret, s3cret") == "a {{env.KEY}}, {{env.KEY}}");
    CHECK(without("s3cret", "s3creT s3cre") == "s3creT s3cre");
    CHECK(without("s3cret", "") == "");
    CHECK(without("a+b=c/d", "x=a+b=c/d") == "x={{env.KEY}}");
}

TEST_CASE("a percent-encoded secret is found, however its letters and spaces are encoded") {
    const std::string value = "p\xc3\xa4ss w/rd+1%&~";
    for (std::string spelled : {"p%C3%A4ss%20w%2Frd%2B1%25%26%7E", "p%c3%a4ss+w%2frd%2b1%25%26~",
                                "p%C3%a4ss%20w/rd%2B1%25%26%7e", "p\xc3\xa4ss+w/rd%2B1%25%26~"}) {
        CAPTURE(spelled);
        CHECK(without(value, "/?key=" + spelled + "&x=1") == "/?key={{env.KEY}}&x=1");
    }
}

TEST_CASE("a percent sign in a secret is found verbatim and encoded") {
    CHECK(without("25%25%25", "25%25%25!") == "{{env.KEY}}!");
    CHECK(without("25%25%25", "25%2525%2525!") == "{{env.KEY}}!");
}

TEST_CASE("a secret in a JSON string is found, in any spelling") {
    const std::string value = "a\"b\\c/d\ne<\xc3\xa9\xf0\x9f\x8d\x9e";
    for (std::string spelled :
         {R"(a\"b\\c/d\ne<)"
          "\xc3\xa9\xf0\x9f\x8d\x9e",
          R"(a\"b\\c\/d\ne\u003c\u00e9\ud83c\udf5e)", R"(a\u0022b\u005Cc\u002fd\u000Ae\u003C\u00E9\uD83C\uDF5E)"}) {
        CAPTURE(spelled);
        CHECK(without(value, R"({"key":")" + spelled + R"("})") == R"({"key":"{{env.KEY}}"})");
    }
}

TEST_CASE("a secret in a JSON string within a JSON string is found") {
    CHECK(without("x\"y\\z\n1", R"({"sent":"{\"key\":\"x\\\"y\\\\z\\n1\"}"})") ==
          R"({"sent":"{\"key\":\"{{env.KEY}}\"}"})");
    CHECK(without("xyz<1", R"("{\"key\":\"xyz\\u003c1\"}")") == R"("{\"key\":\"{{env.KEY}}\"}")");
}

TEST_CASE("a secret that begins or ends with encoded characters is redacted as a whole") {
    CHECK(without("\"&abc&\"", R"({"key":"\"&abc&\""})") == R"({"key":"{{env.KEY}}"})");
    CHECK(without("\"&abc&\"", "%22%26abc%26%22 %22&abc&%22") == "{{env.KEY}} {{env.KEY}}");
}

TEST_CASE("a secret without a letter or a digit is found") {
    CHECK(without("!\"$%&/", R"(!\"$%&/ %21%22%24%25%26%2F)") == "{{env.KEY}} {{env.KEY}}");
}

TEST_CASE("a secret that is interrupted by other text is not redacted") {
    CHECK(without("ab\"cd", R"(ab\ncd ab\\cd)") == R"(ab\ncd ab\\cd)");
    CHECK(without("ab cd", "ab%2Bcd ab%2 ab%") == "ab%2Bcd ab%2 ab%");
    CHECK(without("abcd\xc3\xa9", R"(abcd\u00e abcd\ud83c abcd\u abcd\)") == R"(abcd\u00e abcd\ud83c abcd\u abcd\)");
}

TEST_CASE("a value of any bytes is found verbatim and in our own encodings") {
    constexpr std::string_view odd = "\\\"/%+ \n\tu0a25&<~";
    const auto quoted = [](std::string_view text) {
        std::string out;
        append_json_string(out, text);
        return out;
    };
    std::minstd_rand random;  // the same values each time
    for (int round = 0; round < 2000; ++round) {
        std::string value = "k";  // neither trimmed nor too short
        for (int n = 0; n < 6; ++n) value += odd[random() % odd.size()];
        value += "k";
        CAPTURE(value);
        http::Url url("http://a.b/");
        url.add_query("key", value);
        CHECK(without(value, "<" + value + ">") == "<{{env.KEY}}>");
        CHECK(without(value, quoted(value)) == "\"{{env.KEY}}\"");
        CHECK(without(value, quoted(quoted(value))) == R"("\"{{env.KEY}}\"")");
        CHECK(without(value, url.text()) == "http://a.b/?key={{env.KEY}}");
    }
}

TEST_CASE("overlapping values are redacted together, and so is one within another") {
    CHECK(redacted("long-key key-more", {{"env.A", "key-"}, {"env.B", "long-key"}}) == "{{env.B}} {{env.A}}more");
    CHECK(redacted("abcdefgh", {{"env.A", "abcdef"}, {"env.B", "defgh"}}) == "{{env.A}}{{env.B}}");
    CHECK(without("abab", "ababab") == "{{env.KEY}}ab");
}

TEST_CASE("placeholders are not searched for secrets") {
    CHECK(redacted("s3cret", {{"env.KEY", "s3cret"}, {"env.OTHER", "env.KEY"}}) == "{{env.KEY}}");
}

TEST_CASE("short values and the text around a value are not changed") {
    Secrets secrets;
    secrets.add("env.SHORT", "abc");
    secrets.add("env.BLANK", "  abc\n");
    CHECK(secrets.empty());
    CHECK(without(" s3cret\n", "a s3cret b") == "a {{env.KEY}} b");
}

TEST_CASE("a value that is added again keeps its first name") {
    CHECK(redacted("s3cret", {{"env.A", "s3cret"}, {"env.A", "s3cret"}, {"env.B", "s3cret"}}) == "{{env.A}}");
}

TEST_CASE("the name of a secret file never breaks the text around it") {
    CHECK(redacted("s3cret", {{"file.a\"b\\c\n", "s3cret"}}) == "{{file.a?b?c?}}");
}

TEST_CASE("an answer that echoes a secret is redacted in each of its parts") {
    Secrets secrets;
    secrets.add("env.KEY", "top s3cret");
    http::Response response;
    response.status = 302;
    response.reason = "No top s3cret";
    response.headers = {{"Location", "/next?key=top%20s3cret"}, {"X-Other", "1"}, {"X-Key", "top s3cret"}};
    response.trailers = {{"X-Trailer", "top s3cret"}};
    response.body = R"({"key":"top s3cret"})";
    Attempt attempt = response;
    secrets.redact(attempt);
    const auto& answer = *attempt.response();
    CHECK(answer.status == 302);
    CHECK(answer.reason == "No {{env.KEY}}");
    CHECK(answer.headers.get("location") == "/next?key={{env.KEY}}");
    CHECK(answer.headers.get("x-other") == "1");
    CHECK(answer.headers.get("x-key") == "{{env.KEY}}");
    CHECK(answer.trailers.get("x-trailer") == "{{env.KEY}}");
    CHECK(answer.body == R"({"key":"{{env.KEY}}"})");
}

TEST_CASE("the message of a failure is redacted") {
    Secrets secrets;
    secrets.add("file.key", "s3cret");
    Attempt attempt = Failure(ErrorCode::protocol, "bad redirect to /?s3cret", true);
    secrets.redact(attempt);
    CHECK(attempt.failure()->message == "bad redirect to /?{{file.key}}");
    CHECK(attempt.failure()->maybe_sent);
}
