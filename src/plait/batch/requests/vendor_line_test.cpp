#include "plait/batch/requests/vendor_line.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/requests/request_line.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <variant>

using namespace plait;
using namespace plait::batch;

namespace {

RequestDefaults defaults_for(BatchFormat format, std::string model = {}, std::string base_url = {}) {
    RequestDefaults defaults;
    defaults.format = format;
    defaults.model = std::move(model);
    defaults.base_url = std::move(base_url);
    return defaults;
}

Call read(std::string_view text, RequestDefaults defaults) {
    SourceItem item = RequestReader(std::move(defaults)).read_json(text, 7);
    if (auto* bad = std::get_if<BadLine>(&item)) FAIL(bad->message);
    return std::get<Call>(std::move(item));
}

/// The id and the message of a line that is refused.
std::string refused(std::string_view text, RequestDefaults defaults) {
    SourceItem item = RequestReader(std::move(defaults)).read_json(text, 7);
    REQUIRE(std::holds_alternative<BadLine>(item));
    const BadLine& line = std::get<BadLine>(item);
    return line.custom_id + ": " + line.message;
}

std::string url_of(std::string_view text, RequestDefaults defaults) {
    return read(text, std::move(defaults)).request.url.text();
}

std::string first_refused(std::string_view text, BatchFormat format, std::string model = "m") {
    try {
        RequestReader(defaults_for(format, std::move(model))).check_first(text, "a.jsonl");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "taken";
}

constexpr std::string_view anthropic_line = R"({"custom_id":"a","params":{"model":"m","messages":[]}})";
constexpr std::string_view gemini_line = R"({"key":"a","request":{"contents":[]}})";
constexpr std::string_view mistral_line = R"({"custom_id":"a","body":{"messages":[]}})";
constexpr std::string_view openai_line = R"({"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{}})";

}  // namespace

TEST_CASE("a line of Anthropic's is a message, byte for byte, with the version that its API wants") {
    const Call call = read(R"( { "params": {"n": 1.0,  "t": "{{env.X}}\u00fc"} , "custom_id":"a\"b"})",
                           defaults_for(BatchFormat::anthropic));
    CHECK(call.custom_id == "a\"b");
    CHECK(call.line == 7);
    CHECK(call.request.method() == "POST");
    CHECK(call.request.url.text() == "https://api.anthropic.com/v1/messages");
    CHECK(call.request.body == R"({"n": 1.0,  "t": "{{env.X}}\u00fc"})");
    CHECK(call.request.headers.get("anthropic-version") == "2023-06-01");
    CHECK(call.request.headers.get("content-type") == "application/json");
    CHECK_FALSE(call.rules.safe_to_repeat);

    RequestDefaults other = defaults_for(BatchFormat::anthropic);
    other.headers.add("Anthropic-Version", "2030-01-01");
    CHECK(read(anthropic_line, std::move(other)).request.headers.get_all("anthropic-version").size() == 1);
}

TEST_CASE("a line of Gemini's names the model in its URL") {
    const auto url = [](std::string_view text, std::string model, std::string base = {}) {
        return url_of(text, defaults_for(BatchFormat::gemini, std::move(model), std::move(base)));
    };
    CHECK(url(gemini_line, "g") == "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent");
    CHECK(url(gemini_line, "models/g", "http://a.b") == "http://a.b/v1beta/models/g:generateContent");
    CHECK(url(gemini_line, "g", "http://a.b/v1beta/") == "http://a.b/v1beta/models/g:generateContent");
    CHECK(url(gemini_line, "g", "http://a.b/x/v1") == "http://a.b/x/v1/models/g:generateContent");
    CHECK(url(R"({"request":{"model":"models/own"}})", "g", "http://a.b") ==
          "http://a.b/v1beta/models/own:generateContent");
    CHECK(refused(gemini_line, defaults_for(BatchFormat::gemini)) ==
          "a: line 7: \"request\" names no \"model\": name it with --model");
    CHECK(refused(gemini_line, defaults_for(BatchFormat::gemini, "a?b")) ==
          "a: line 7: the model 'a?b' can't be part of a URL");
    for (const char* name : {"a/../b", "models/..", "./a", "a/.", "a//b", "a/", "/a"}) {
        CAPTURE(name);
        CHECK(refused(gemini_line, defaults_for(BatchFormat::gemini, name)) ==
              "a: line 7: the model '" + std::string(name) + "' can't be part of a URL");
    }
    CHECK(url(gemini_line, "a..b/c.", "http://a.b") == "http://a.b/v1beta/models/a..b/c.:generateContent");
}

TEST_CASE("the metadata of a line of Gemini's may be text, and is in its result") {
    const auto with = [](std::string metadata) {
        return R"({"request":{"model":"m"},"key":"k","metadata":)" + std::move(metadata) + "}";
    };
    const RequestDefaults defaults = defaults_for(BatchFormat::gemini);
    CHECK(read(with(R"({"a": "b"})"), defaults).metadata == R"({"a": "b"})");
    CHECK(read(with("null"), defaults).metadata.empty());
    CHECK(refused(with("7"), defaults) == "k: line 7: \"metadata\" must be an object");
    CHECK(refused(with(R"({"a":7})"), defaults) == "k: line 7: \"metadata\": \"a\" must be a string");
    CHECK(refused(with(R"({"plait":""})"), defaults) == "k: line 7: \"metadata\": results write \"plait\" there");
}

TEST_CASE("a line of Mistral's gets the job's model unless it has one") {
    const auto body = [](std::string_view text) {
        return read(text, defaults_for(BatchFormat::mistral, "m\"1")).request.body;
    };
    CHECK(body(mistral_line) == R"({"model":"m\"1","messages":[]})");
    CHECK(body(R"({"body":{ }})") == R"({"model":"m\"1" })");
    CHECK(body(R"({"body":{"a":1,"model":"own"}})") == R"({"a":1,"model":"own"})");
    CHECK(refused(mistral_line, defaults_for(BatchFormat::mistral)) ==
          "a: line 7: \"body\" names no \"model\": name it with --model");

    for (const char* name : {"null", "7", R"("")"}) {
        const std::string body_of_line = R"({"model":)" + std::string(name) + R"(,"a":1})";
        CAPTURE(body_of_line);
        CHECK(refused(R"({"custom_id":"a","body":)" + body_of_line + "}", defaults_for(BatchFormat::mistral, "m"))
                  .starts_with("a: line 7: \"model\" "));
        CHECK(refused(R"({"key":"a","request":)" + body_of_line + "}", defaults_for(BatchFormat::gemini, "m"))
                  .starts_with("a: line 7: \"model\" "));
        CHECK(first_refused(R"({"custom_id":"a","body":)" + body_of_line + "}", BatchFormat::mistral, "") == "taken");
    }

    RequestDefaults embeddings = defaults_for(BatchFormat::mistral, "m");
    CHECK(url_of(mistral_line, embeddings) == "https://api.mistral.ai/v1/chat/completions");
    embeddings.endpoint = "/v1/embeddings";
    CHECK(url_of(mistral_line, embeddings) == "https://api.mistral.ai/v1/embeddings");
}

TEST_CASE("a line of OpenAI's is a request line, and /v1 is used once without a warning") {
    CHECK(url_of(openai_line, defaults_for(BatchFormat::openai)) == "https://api.openai.com/v1/chat/completions");
    InputNotes notes;
    RequestDefaults defaults = defaults_for(BatchFormat::openai, {}, "http://a.b/v1");
    defaults.notes = &notes;
    CHECK(url_of(openai_line, defaults) == "http://a.b/v1/chat/completions");
    CHECK(notes.urls_joined_once() == 0);
    CHECK(refused(R"({"custom_id":"a","body":{}})", defaults) == "a: line 7: no \"url\"");
}

TEST_CASE("a line of OpenAI's is a POST to the server of the base URL, which gets the key") {
    const auto line = [](std::string_view method, std::string_view url) {
        return R"({"custom_id":"a","method":")" + std::string(method) + R"(","url":")" + std::string(url) +
               R"(","body":{}})";
    };
    const RequestDefaults defaults = defaults_for(BatchFormat::openai, {}, "http://a.b/v1");
    CHECK(url_of(line("POST", "http://A.b:80/v1/x"), defaults) == "http://a.b/v1/x");
    CHECK(url_of(line("POST", "//c.d/x"), defaults).starts_with("http://a.b/"));
    CHECK(url_of(line("POST", "@c.d/x"), defaults).starts_with("http://a.b/"));
    CHECK(refused(line("POST", "http://c.d/v1/x"), defaults) ==
          "a: line 7: \"url\" is on http://c.d, and requests of this format go to http://a.b: give a path, or another "
          "--base-url");
    for (const char* url : {"https://a.b/v1/x", "http://a.b:81/v1/x", "http://a.b@c.d/"})
        CHECK(refused(line("POST", url), defaults).starts_with("a: line 7"));
    CHECK(refused(line("POST", "https://c.d/"), defaults_for(BatchFormat::openai)).find("api.openai.com") !=
          std::string::npos);
    for (const char* method : {"DELETE", "GET"})
        CHECK(refused(line(method, "/v1/x"), defaults) == "a: line 7: \"method\" must be POST");
}

TEST_CASE("a line that is none of the vendor's is refused, and keeps its id") {
    const RequestDefaults defaults = defaults_for(BatchFormat::anthropic);
    CHECK(refused(R"({"params":[],"custom_id":"a"})", defaults) == "a: line 7: \"params\" must be an object");
    CHECK(refused(R"({"params":null,"custom_id":"a"})", defaults) == "a: line 7: no \"params\"");
    CHECK(refused(R"({"param":{},"custom_id":"a"})", defaults) ==
          "a: line 7: unknown field \"param\", did you mean \"params\"?");
    CHECK(refused(R"({"params":{},"params":{},"custom_id":"a"})", defaults) == "a: line 7: \"params\" occurs twice");
    CHECK(refused(R"({"params":{"a":nul}})", defaults).starts_with("line-7: line 7: not JSON: "));
    CHECK(refused("[1]", defaults).starts_with("line-7: line 7: not JSON: "));
    CHECK(refused(R"({"params":{}}{})", defaults) == "line-7: line 7: unexpected text after the JSON object");
    CHECK(refused("{\"params\":\"\xff\"}", defaults) == "line-7: line 7: not UTF-8");
    CHECK(refused(R"({"params":{},"custom_id":7})", defaults) == "line-7: line 7: \"custom_id\" must be a string");
}

TEST_CASE("without a format, the error of another program's line says what it looks like") {
    const RequestDefaults defaults;
    CHECK(refused(anthropic_line, defaults) ==
          "a: line 7: no \"url\"; looks like an Anthropic batch: --format anthropic-batch");
    CHECK(refused(gemini_line, defaults) ==
          "line-7: line 7: no \"url\"; looks like a Gemini batch: --format gemini-batch");
    CHECK(refused(mistral_line, defaults) ==
          "a: line 7: no \"url\"; looks like a Mistral batch: --format mistral-batch");
    CHECK(refused(R"({"method":"POST","url":"http://a.b","body":"aGk=","header":{"A":["b"]}})", defaults) ==
          "line-7: line 7: looks like a target of vegeta: plait convert makes requests of it");
    CHECK(refused(R"({"log":{"entries":[]}})", defaults)
              .ends_with("looks like a HAR: plait convert makes requests of it"));
    CHECK(refused(R"({"info":{},"item":[]})", defaults)
              .ends_with("looks like a collection of Postman: plait convert makes requests of it"));
    CHECK(refused("{", defaults).ends_with("Of a HAR or a collection, plait convert makes requests."));
    CHECK(refused(R"({"custom_id":"a"})", defaults) == "a: line 7: no \"url\"");
    CHECK(refused(R"({"url":"http://a.b","header":{}})", defaults).find("did you mean \"headers\"?") !=
          std::string::npos);
    CHECK(refused(R"({"url":"http://a.b","header":{"A":"b"}})", defaults).find("did you mean \"headers\"?") !=
          std::string::npos);
    CHECK(refused(R"({"url":1,"body":{}})", defaults) == "line-7: line 7, column 8: \"url\" must be a string");
}

TEST_CASE("a file of another kind is refused by its first line") {
    CHECK(first_refused(anthropic_line, BatchFormat::anthropic) == "taken");
    CHECK(first_refused(gemini_line, BatchFormat::gemini) == "taken");
    CHECK(first_refused(mistral_line, BatchFormat::mistral) == "taken");
    CHECK(first_refused(openai_line, BatchFormat::openai) == "taken");
    CHECK(first_refused("not JSON", BatchFormat::openai) == "taken");  // its own error is enough
    CHECK(first_refused(openai_line, BatchFormat::anthropic) ==
          "a.jsonl is not an anthropic-batch file: its first line looks like an OpenAI batch: --format "
          "openai-batch");
    CHECK(first_refused(anthropic_line, BatchFormat::openai) ==
          "a.jsonl is not an openai-batch file: its first line looks like an Anthropic batch: --format "
          "anthropic-batch");
    CHECK(first_refused(R"({"url":"http://a.b"})", BatchFormat::gemini) ==
          "a.jsonl is not a gemini-batch file: its first line is a plait request line; omit "
          "--format");
    CHECK(first_refused(R"({"custom_id":"a"})", BatchFormat::mistral) ==
          "a.jsonl is not a mistral-batch file: its first line has no \"body\"");
    CHECK(first_refused(gemini_line, BatchFormat::gemini, "") ==
          "the first request of a.jsonl names no model: name one with --model");
    CHECK(first_refused(R"({"request":{"model":"m"}})", BatchFormat::gemini, "") == "taken");
}
