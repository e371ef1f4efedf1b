#include "plait/batch/requests/request_line.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/call/idempotency_key.hpp"
#include "plait/batch/testing/test_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <random>

using namespace plait;
using namespace plait::batch;
using batch::internal::memory_file;
using batch::internal::Pipe;
using namespace std::chrono_literals;

namespace {

RequestDefaults with_secrets() {
    RequestDefaults defaults;
    defaults.permitted_secrets = {{"env.API_KEY", "s3cret"},
                                  {"env.ODD", "a\"b&c d"},
                                  {"env.BYTES", "\xff\xfe\xfd\xfc"},
                                  {"env.BROKEN", "s3cret\r\nX-Other: 1"},
                                  {"file./key", "file secret"}};
    return defaults;
}

Call read(std::string_view text, RequestDefaults defaults = with_secrets()) {
    SourceItem item = RequestReader(std::move(defaults)).read_json(text, 7);
    if (auto* bad = std::get_if<BadLine>(&item)) FAIL(bad->message);
    return std::get<Call>(std::move(item));
}

BadLine read_bad(std::string_view text, RequestDefaults defaults = with_secrets()) {
    SourceItem item = RequestReader(std::move(defaults)).read_json(text, 7);
    REQUIRE(std::holds_alternative<BadLine>(item));
    return std::get<BadLine>(std::move(item));
}

std::string message_of(std::string_view text) { return read_bad(text).message; }

/// A line with a URL and these fields.
std::string line_with(std::string_view fields) { return fmt::format(R"({{"url":"http://a.b",{}}})", fields); }

/// The path of a file that is open.
std::string path_of(const UniqueFd& file) { return fmt::format("/proc/self/fd/{}", file.get()); }

}  // namespace

TEST_CASE("a bare URL is a GET whose id is its line") {
    const Call call = read(R"({"url":"http://api.example/items"})");
    CHECK(call.custom_id == "line-7");
    CHECK(call.line == 7);
    CHECK(call.request.method() == "GET");
    CHECK(call.request.url.text() == "http://api.example/items");
    CHECK(call.request.headers.empty());
    CHECK(call.request.body.empty());
    CHECK_FALSE(call.request.timeout);
    CHECK(call.metadata.empty());
}

TEST_CASE("fields may come in any order") {
    const Call call = read(R"({"metadata" : {"row": 17} , "timeout_s":1.5,"body":{"input":"text"},)"
                           R"("headers":{"X-Tenant":"a","Accept":["application/json","text/plain"]},)"
                           R"("params":{"dry":"1","n":2.50,"on":true,"tag":["a b","c"]},)"
                           R"("url":"http://api.example/v1?x=y","method":"PUT","custom_id":"row-17"})");
    CHECK(call.custom_id == "row-17");
    CHECK(call.request.method() == "PUT");
    CHECK(call.request.url.text() == "http://api.example/v1?x=y&dry=1&n=2.50&on=true&tag=a%20b&tag=c");
    CHECK(call.request.headers.get("x-tenant") == "a");
    CHECK(call.request.headers.get_all("accept") == std::vector<std::string_view>{"application/json", "text/plain"});
    CHECK(call.request.headers.get("content-type") == "application/json");
    CHECK(call.request.body == R"({"input":"text"})");
    CHECK(call.request.timeout == 1500ms);
    CHECK(call.metadata == R"({"row": 17})");
}

TEST_CASE("a JSON body is sent verbatim, byte for byte") {
    CHECK(
        read(R"({"body": { "n":1.0e2,"big":123456789012345678901 ,"s":"\u00e9"} ,"url":"http://a.b"})").request.body ==
        R"({ "n":1.0e2,"big":123456789012345678901 ,"s":"\u00e9"})");
    CHECK(read(R"({"url":"http://a.b","body":[1, 2] })").request.body == "[1, 2]");
    CHECK(read(R"({"url":"http://a.b","body":12.50 })").request.body == "12.50");
}

TEST_CASE("a body makes the request a POST, and a JSON body implies its Content-Type") {
    const Call json = read(R"({"url":"http://a.b","body":{}})");
    CHECK(json.request.method() == "POST");
    CHECK(json.request.headers.get("content-type") == "application/json");
    CHECK(read(R"({"url":"http://a.b","body":{},"headers":{"content-type":"application/ld+json"}})")
              .request.headers.get_all("content-type") == std::vector<std::string_view>{"application/ld+json"});
}

TEST_CASE("a string body is sent as text, and a base64 body as its bytes") {
    const Call text = read(R"({"url":"http://a.b","body":"a\nb \u20ac"})");
    CHECK(text.request.body == "a\nb \xe2\x82\xac");
    CHECK_FALSE(text.request.headers.contains("content-type"));
    CHECK(read(R"({"url":"http://a.b","body_base64":"AP8="})").request.body == std::string("\0\xff", 2));
    CHECK(message_of(R"({"url":"http://a.b","body_base64":"AP8"})") ==
          "line 7, column 35: \"body_base64\" is not base64");
    CHECK(message_of(R"({"url":"http://a.b","body":"","body_base64":"AP8="})") ==
          "line 7, column 45: \"body\" and \"body_base64\" are both given");
}

TEST_CASE("null means absent") {
    const Call call = read(R"({"url":"http://a.b","custom_id":null,"body":null,"headers":null,"retry":null})");
    CHECK(call.custom_id == "line-7");
    CHECK(call.request.method() == "GET");
}

TEST_CASE("fields that start with x- are the user's own") {
    CHECK(read(R"({"x-note":[1,{}],"url":"http://a.b"})").line == 7);
}

TEST_CASE("an unknown field is refused with its column and a suggestion") {
    CHECK(message_of(R"({"url":"http://a.b","metod":"GET"})") ==
          "line 7, column 29: unknown field \"metod\", did you mean \"method\"? (your own fields begin with x-)");
    CHECK(message_of(R"({"url":"http://a.b","weather":1})") ==
          "line 7, column 31: unknown field \"weather\" (your own fields begin with x-)");
}

TEST_CASE("columns count characters, not bytes") {
    CHECK(message_of("{\"url\":\"http://a.b\",\"custom_id\":\"\xc3\xa9\xe2\x82\xac\",\"y\":1}")
              .starts_with("line 7, column 42:"));
}

TEST_CASE("a form is encoded as browsers do, and implies its Content-Type") {
    const Call call = read(line_with(R"("form":{"name":"a b&c","n":[1,true,"\u00e9~*"],"empty":""})"));
    CHECK(call.request.method() == "POST");
    CHECK(call.request.body == "name=a+b%26c&n=1&n=true&n=%C3%A9%7E*&empty=");
    CHECK(call.request.headers.get("content-type") == "application/x-www-form-urlencoded");
    CHECK(read(line_with(R"("form":{},"headers":{"Content-Type":"x/y"})")).request.headers.get_all("content-type") ==
          std::vector<std::string_view>{"x/y"});
    CHECK(message_of(line_with(R"("form":[1])")).ends_with("\"form\" must be an object"));
    CHECK(message_of(line_with(R"("form":{"a":{}})"))
              .ends_with("\"form\": \"a\" must be a string, a number, true, false, or a list of them"));
}

std::string path_in(const http::BodyParts::Part& part) { return std::get<http::BodyParts::File>(part).path; }

TEST_CASE("a body file is read while it is sent") {
    const UniqueFd file = memory_file("{{env.API_KEY}}");
    const Call call = read(line_with(R"("body_file":")" + path_of(file) + '"'));
    REQUIRE(call.request.body_parts);
    REQUIRE(call.request.body_parts->parts().size() == 1);
    CHECK(path_in(call.request.body_parts->parts()[0]) == path_of(file));
    CHECK(http::body_size(call.request) == 15);
    CHECK(call.request.method() == "POST");
    CHECK_FALSE(call.request.headers.contains("content-type"));
}

TEST_CASE("an unusable body file is named") {
    CHECK(message_of(line_with(R"("body_file":"/none/body.bin")")) ==
          "line 7, column 33: \"body_file\": open /none/body.bin: No such file or directory");
    CHECK(message_of(line_with(R"("body_file":"/proc/self")")).ends_with("/proc/self is not a plain file"));
    CHECK(message_of(line_with(R"("body_file":"/dev/zero")")).ends_with("/dev/zero is not a plain file"));
    const Pipe pipe;
    CHECK(message_of(line_with(R"("body_file":")" + path_of(pipe.read_end) + '"')).ends_with("is not a plain file"));
}

TEST_CASE("a multipart body has fields and files") {
    const UniqueFd file = memory_file("content");
    const Call call = read(line_with(fmt::format(
        R"("multipart":[{{"name":"n","value":7}},{{"name":"f","file":"{}","filename":"a.txt","type":"text/plain"}}])",
        path_of(file))));
    const std::string type(call.request.headers.get("content-type").value_or(""));
    REQUIRE(type.starts_with("multipart/form-data; boundary="));
    const std::string boundary = type.substr(type.find('=') + 1);
    const auto& parts = call.request.body_parts->parts();
    REQUIRE(parts.size() == 3);
    CHECK(std::get<std::string>(parts[0]) ==
          "--" + boundary + "\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n7\r\n--" + boundary +
              "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: "
              "text/plain\r\n\r\n");
    CHECK(path_in(parts[1]) == path_of(file));
    CHECK(std::get<std::string>(parts[2]) == "\r\n--" + boundary + "--\r\n");
    CHECK(call.request.method() == "POST");
}

TEST_CASE("a multipart body that makes no sense is refused") {
    const auto message = [](std::string_view list) {
        return message_of(line_with(fmt::format(R"("multipart":{})", list)));
    };
    CHECK(message("{}").find("multipart") != std::string::npos);
    CHECK(message("[]").ends_with("\"multipart\": the list is empty"));
    CHECK(message(R"([{"value":"x"}])").ends_with("\"multipart\": each part needs a \"name\""));
    CHECK(message(R"([{"name":"a"}])").ends_with("\"multipart\": \"a\" needs a \"value\" or a \"file\""));
    CHECK(message(R"([{"name":"a","value":"x","file":"y"}])").ends_with("needs a \"value\" or a \"file\""));
    CHECK(message(R"([{"name":"a","value":"x","filename":"y"}])").ends_with("is no file and has a \"filename\""));
    CHECK(message(R"([{"name":"a","valeu":"x"}])").ends_with("did you mean \"value\"?"));
    CHECK(message(R"([{"name":"a","value":"x","type":"a\r\nb: c"}])").find("Content-Type") != std::string::npos);
    CHECK(message(R"([{"name":"a","file":"/none/x"}])").ends_with("open /none/x: No such file or directory"));
}

TEST_CASE("a request has one body") {
    for (const char* other : {R"("body_base64":"")", R"("body_file":"x")", R"("form":{})"}) {
        CAPTURE(other);
        CHECK(message_of(line_with(std::string(R"("body":null,"body":1,)") + other)).find("occurs twice") !=
              std::string::npos);
        CHECK(message_of(line_with(std::string(R"("body":"",)") + other)).ends_with(" are both given"));
    }
    CHECK(message_of(line_with(R"("form":{},"body":1)")).ends_with("\"form\" and \"body\" are both given"));
}

TEST_CASE("a line can set the rules of its call") {
    const Call call =
        read(line_with(R"("deadline_s":900,"retry":{"max_attempts":3,"statuses":[409,423]},)"
                       R"("group":"tenant-a","order_key":"user-1","priority":-2,)"
                       R"("cost":{"tokens":812,"usd":0.5},"expect":{"status":404},"refusal":{"status":403},)"
                       R"("follow":{"next":"/n"})"));
    CHECK(call.rules.deadline == 900s);
    CHECK(call.rules.max_attempts == 3);
    CHECK(call.rules.retry_statuses == std::vector<int>{409, 423});
    CHECK(call.rules.group == "tenant-a");
    CHECK(call.rules.order_key == "user-1");
    CHECK(call.rules.priority == -2);
    CHECK(call.rules.costs.get("tokens") == 812);
    CHECK(call.rules.costs.get("usd") == 0.5);
    CHECK(call.rules.costs.get("requests") == 1);
    http::Response response;
    response.status = 404;
    REQUIRE(call.rules.expectation);
    CHECK(call.rules.expectation->unmet_by(response).empty());
    REQUIRE(call.rules.follow);
    CHECK(call.rules.follow->pages()->pointer == "/n");
    REQUIRE(call.rules.refusal);
    response.status = 403;
    CHECK(call.rules.refusal->is_met_by(response));
}

TEST_CASE("a line without rules leaves them to the run") {
    const CallRules rules = read(R"({"url":"http://a.b"})").rules;
    CHECK_FALSE(rules.deadline);
    CHECK_FALSE(rules.max_attempts);
    CHECK(rules.retry_statuses.empty());
    CHECK(rules.group.empty());
    CHECK(rules.order_key.empty());
    CHECK(rules.priority == 0);
    CHECK(rules.costs.begin() == rules.costs.end());
    CHECK_FALSE(rules.expectation);
    CHECK_FALSE(rules.refusal);
    CHECK_FALSE(rules.follow);
}

TEST_CASE("an invalid rule is refused with its column") {
    const auto fault = [](std::string_view fields) {
        const std::string message = message_of(line_with(fields));
        CHECK(message.starts_with("line 7, column "));
        return message.substr(message.find(": ") + 2);
    };
    CHECK(fault(R"("deadline_s":0)") == "\"deadline_s\" must be more than 0 and at most 604800 (a week)");
    CHECK(fault(R"("deadline_s":1e999)") == "\"deadline_s\" must be a number");
    CHECK(fault(R"("retry":3)") == "\"retry\" must be an object");
    CHECK(fault(R"("retry":{"max_attempts":0})") == "\"max_attempts\" must be a whole number from 1 to 1000");
    CHECK(fault(R"("retry":{"max_attempts":1.5})") == "\"max_attempts\" must be a whole number from 1 to 1000");
    CHECK(fault(R"("retry":{"statuses":409})") == "\"statuses\" must be a list");
    CHECK(fault(R"("retry":{"statuses":["409"]})") == "\"statuses\" must be a whole number from 100 to 599");
    CHECK(fault(R"("retry":{"attempts":2})") == "\"retry\": unknown field \"attempts\"");
    CHECK(fault(R"("retry":{"max_attempt":2})") ==
          "\"retry\": unknown field \"max_attempt\", did you mean \"max_attempts\"?");
    CHECK(fault(R"("group":"")") == "\"group\" is empty");
    CHECK(fault(R"("order_key":7)") == "\"order_key\" must be a string");
    CHECK(fault(R"("priority":"high")").starts_with("\"priority\" must be a whole number"));
    CHECK(fault(R"("priority":3000000000)").starts_with("\"priority\" must be a whole number"));
    CHECK(fault(R"("cost":{"tokens":-1})") == "\"cost\": \"tokens\" is less than 0");
    CHECK(fault(R"("cost":{"tokens":"many"})") == "\"tokens\" must be a number");
    CHECK(fault(R"("cost":{"to kens":1})") == "\"cost\": a unit is one word, of letters, digits, _ and -");
    CHECK(fault(R"("cost":{"":1})") == "\"cost\": a unit is one word, of letters, digits, _ and -");
    CHECK(fault(R"("safe_to_repeat":"yes")") == "\"safe_to_repeat\" must be true or false");
    CHECK(fault(R"("expect":{"status":"ok"})").starts_with("\"expect\": \"status\" must be a code"));
    CHECK(fault(R"("expect":"2xx")") == "\"expect\": \"expect\" must be an object");
    CHECK(fault(R"("refusal":{})") == R"("refusal": "refusal" needs a "status", a rule in "json", or both)");
    CHECK(fault(R"("follow":"next")") == R"("follow": it must be an object such as {"next": "link"})");
    CHECK(fault(R"("follow":{"next":"x"})").starts_with(R"("follow": "next" is "link", "count" or a JSON Pointer)"));
    CHECK(fault(R"("refusal":403)") == "\"refusal\": \"refusal\" must be an object");
}

TEST_CASE("lines with the same expectation share it") {
    RequestReader reader{RequestDefaults()};
    const auto expectation_of = [&](std::string_view fields) {
        return std::get<Call>(reader.read_json(line_with(fields), 1)).rules.expectation;
    };
    const auto first = expectation_of(R"("expect":{"status":"2xx"})");
    CHECK(expectation_of(R"("expect":{"status":"2xx"})") == first);
    CHECK(expectation_of(R"("expect":{"status":"4xx"})") != first);
    CHECK_FALSE(expectation_of(R"("method":"GET")"));
}

TEST_CASE("a call is safe to repeat by its method or its key, unless the line says otherwise") {
    const auto is_safe = [](std::string_view fields) { return read(line_with(fields)).rules.safe_to_repeat; };
    CHECK(is_safe(R"("method":"GET")"));
    CHECK_FALSE(is_safe(R"("method":"POST")"));
    CHECK_FALSE(is_safe(R"("method":"POST","priority":1)"));
    CHECK(is_safe(R"("method":"POST","idempotency_key":"k-1")"));
    CHECK(is_safe(R"("method":"POST","headers":{"idempotency-key":"k-1"})"));
    CHECK(is_safe(R"("method":"POST","safe_to_repeat":true)"));
    CHECK_FALSE(is_safe(R"("method":"GET","safe_to_repeat":false)"));
    CHECK_FALSE(is_safe(R"("method":"POST","idempotency_key":"k-1","safe_to_repeat":false)"));
}

TEST_CASE("an idempotency key is a header") {
    CHECK(read(line_with(R"("idempotency_key":"k-1")")).request.headers.get("idempotency-key") == "k-1");
    CHECK(message_of(line_with(R"("idempotency_key":"a\nb")")).find("column 39: header 'Idempotency-Key'") !=
          std::string::npos);
    CHECK(message_of(line_with(R"("idempotency_key":"a","headers":{"Idempotency-Key":"b"})"))
              .ends_with("\"idempotency_key\" and a header Idempotency-Key are both given"));
    RequestDefaults defaults;
    defaults.headers = {{"Idempotency-Key", "of all"}};
    CHECK(read(line_with(R"("idempotency_key":"k-1")"), defaults).request.headers.get_all("idempotency-key") ==
          std::vector<std::string_view>{"k-1"});
}

TEST_CASE("an automatic key depends on run and id alone") {
    RequestDefaults defaults;
    defaults.key_seed = "run-1";
    const auto key_of = [&](std::string_view fields) {
        return std::string(read(line_with(fields), defaults).request.headers.get("idempotency-key").value());
    };
    const std::string key = key_of(R"("idempotency_key":"auto","custom_id":"row-1")");
    CHECK(key == automatic_key("run-1", "row-1"));
    CHECK(key == key_of(R"("custom_id":"row-1","idempotency_key":"auto","body":"other")"));
    CHECK(key_of(R"("idempotency_key":"auto")") == automatic_key("run-1", "line-7"));
    CHECK(read_bad(line_with(R"("idempotency_key":"auto")")).message ==
          "line 7, column 39: \"idempotency_key\": this run has no seed for keys");
}

TEST_CASE("a run may give a key to each request that needs one, unless the line says otherwise") {
    RequestDefaults defaults;
    defaults.key_seed = "run-1";
    defaults.automatic_keys = true;
    const auto read_with = [&](std::string_view fields) { return read(line_with(fields), defaults); };
    const auto key_of = [](const Call& call) {
        return std::string(call.request.headers.get("idempotency-key").value_or("none"));
    };
    const Call call = read_with(R"("method":"POST","custom_id":"row-1")");
    CHECK(key_of(call) == automatic_key("run-1", "row-1"));
    CHECK(call.rules.safe_to_repeat);
    CHECK(key_of(read_with(R"("method":"post","idempotency_key":"k-1")")) == "k-1");
    CHECK(key_of(read_with(R"("method":"POST","headers":{"Idempotency-Key":"k-2"})")) == "k-2");
    CHECK_FALSE(read_with(R"("method":"POST","safe_to_repeat":false)").rules.safe_to_repeat);
    CHECK(key_of(read_with(R"("method":"PUT")")) == "none");
    defaults.headers = {{"Idempotency-Key", "of all"}};
    CHECK(key_of(read_with(R"("method":"POST")")) == "of all");
    defaults.key_seed.clear();
    defaults.headers = {};
    CHECK(read_bad(line_with(R"("method":"POST")"), defaults).message ==
          "line 7: this run has no seed for idempotency keys");
}

TEST_CASE("a run may declare every request safe to repeat, unless the line says otherwise") {
    RequestDefaults defaults;
    defaults.safe_to_repeat = true;
    CHECK(read(line_with(R"("method":"POST","group":"a")"), defaults).rules.safe_to_repeat);
    CHECK_FALSE(read(line_with(R"("method":"POST","safe_to_repeat":false)"), defaults).rules.safe_to_repeat);
    CHECK_FALSE(read(line_with(R"("method":"GET","safe_to_repeat":false)"), defaults).rules.safe_to_repeat);
}

TEST_CASE("a value of the wrong type is refused, and the error names the field") {
    CHECK(message_of(R"({"url":1})") == "line 7, column 8: \"url\" must be a string");
    CHECK(message_of(R"({"url":"http://a.b","headers":["a"]})") == "line 7, column 31: \"headers\" must be an object");
    CHECK(message_of(R"({"url":"http://a.b","headers":{"a":1}})")
              .ends_with("\"a\" must be a string or a list of strings"));
    CHECK(message_of(R"({"url":"http://a.b","params":{"a":null}})")
              .ends_with("\"a\" must be a string, a number, true, false, or a list of them"));
    CHECK(message_of(R"({"url":"http://a.b","timeout_s":"1"})") == "line 7, column 33: \"timeout_s\" must be a number");
    CHECK(message_of(R"({"url":"http://a.b","custom_id":""})") == "line 7, column 33: \"custom_id\" is empty");
    CHECK(message_of(R"({"url":"http://a.b","method":"GET /"})") ==
          "line 7, column 30: \"method\" must be one word such as GET");
    CHECK(message_of(R"({"url":"http://a.b","url":"http://a.b"})") == "line 7, column 27: \"url\" occurs twice");
    CHECK(message_of("[1]") == "line 7: not a JSON object such as {\"url\": \"https://...\"}");
    CHECK(message_of("url") == "line 7: not a JSON object such as {\"url\": \"https://...\"}");
    CHECK(message_of("17") == "line 7: not a JSON object such as {\"url\": \"https://...\"}");
}

TEST_CASE("a time limit is positive and at most a week") {
    for (const char* seconds : {"0", "-1", "604801", "1e300"}) {
        CHECK(message_of(std::string(R"({"url":"http://a.b","timeout_s":)") + seconds + "}").find("timeout_s") !=
              std::string::npos);
    }
}

TEST_CASE("a line without a valid URL is refused") {
    CHECK(message_of("{}") == "line 7: no \"url\"");
    CHECK(message_of(R"({"url":"api.example/items"})")
              .starts_with("line 7, column 8: URL 'api.example/items': no scheme"));
}

TEST_CASE("a line that is not JSON says so") {
    for (std::string text :
         {"{", "{\"url\":\"http://a.b\"", "{\"url\":\"http://a.b\",}", "{\"url\" \"http://a.b\"}",
          "{\"url\":\"http://a.b\",\"body\":{\"a\":tru}}", "{\"url\":\"http://a.b\",\"metadata\":[01]}",
          "{\"url\":\"http://a.b\",\"x-a\":1 \"x-b\":2}", "{\"url\":\"http://a.b\",\"x-a\":tru}",
          "{\"url\":\"http://a.b\",\"body\":nullx}", "{'url':1}"}) {
        CAPTURE(text);
        CHECK(message_of(text).find("not JSON: ") != std::string::npos);
    }
    CHECK(message_of(R"({"url":"http://a.b"}{"url":"http://a.b"})") == "line 7: unexpected text after the JSON object");
    CHECK(message_of("{\"url\":\"http://a.b/\xff\"}") == "line 7: not UTF-8");
}

TEST_CASE("a bad line keeps its id and metadata, even after the fault") {
    const BadLine bad = read_bad(R"({"url":1,"custom_id":"row-1","metadata":[2]})");
    CHECK(bad.custom_id == "row-1");
    CHECK(bad.metadata == "[2]");
    CHECK(read_bad(R"({"url":"http://a.b","custom_id":"row-1","method":"CONNECT"})").custom_id == "row-1");
    CHECK(read_bad(line_with(R"("custom_id":"row-1","idempotency_key":"a","headers":{"Idempotency-Key":"b"})"))
              .custom_id == "row-1");
    CHECK(read_bad("{").custom_id == "line-7");
}

TEST_CASE("a relative URL is joined with the base URL") {
    RequestDefaults defaults;
    defaults.base_url = "https://api.example/proxy/";
    const auto url_of = [&](std::string url) {
        return read(R"({"url":")" + url + R"("})", defaults).request.url.text();
    };
    CHECK(url_of("/v1/items") == "https://api.example/proxy/v1/items");
    CHECK(url_of("v1/items?next=http://x") == "https://api.example/proxy/v1/items?next=http://x");
    CHECK(url_of("?a=b") == "https://api.example/proxy?a=b");
    CHECK(url_of("http://other.example/") == "http://other.example/");
}

TEST_CASE("a URL that can't be a base URL is refused") {
    CHECK(checked_base_url("https://api.example/v1") == "https://api.example/v1");
    CHECK_THROWS_AS(checked_base_url("api.example"), Error);
    CHECK_THROWS_AS(checked_base_url("http://api.example/?key=1"), Error);
}

TEST_CASE("a path in both the base URL and the line is used once, and noted") {
    InputNotes notes;
    RequestDefaults defaults;
    defaults.notes = &notes;
    defaults.base_url = "https://api.example/v1";
    CHECK(read(R"({"url":"/v1/chat/completions"})", defaults).request.url.text() ==
          "https://api.example/v1/chat/completions");
    CHECK(read(R"({"url":"/models"})", defaults).request.url.text() == "https://api.example/v1/models");
    CHECK(notes.urls_joined_once() == 1);
    CHECK(notes.first_joined_once().starts_with("line 7: /v1/chat/completions begins with"));
    RequestReader reader(defaults);
    CHECK(std::get<Call>(reader.read_url("v1/models?a=b", 3)).request.url.text() ==
          "https://api.example/v1/models?a=b");
    CHECK(notes.urls_joined_once() == 2);
}

TEST_CASE("a header of the line replaces the default headers of that name") {
    RequestDefaults defaults;
    defaults.headers = {{"Accept", "text/plain"}, {"Accept", "text/html"}, {"X-Tenant", "default"}};
    const Call call = read(R"({"url":"http://a.b","headers":{"accept":["a","b"],"X-New":"1"}})", defaults);
    CHECK(call.request.headers.get_all("accept") == std::vector<std::string_view>{"a", "b"});
    CHECK(call.request.headers.get("x-tenant") == "default");
    CHECK(call.request.headers.get("x-new") == "1");
}

TEST_CASE("headers, params and bodies may name secrets") {
    const auto request_of = [](std::string_view fields) { return read(line_with(fields)).request; };
    CHECK(request_of(R"("headers":{"Authorization":"Bearer {{env.API_KEY}}"})").headers.get("authorization") ==
          "Bearer s3cret");
    CHECK(request_of(R"("headers":{"X":["{{env.API_KEY}}","{{env.ODD}}"]})").headers.get_all("x") ==
          std::vector<std::string_view>{"s3cret", "a\"b&c d"});
    CHECK(request_of(R"("params":{"key":"{{env.ODD}}","n":["x{{env.API_KEY}}"]})").url.text() ==
          "http://a.b/?key=a%22b%26c%20d&n=xs3cret");
    CHECK(request_of(R"("body":"key={{env.ODD}}")").body == "key=a\"b&c d");
    CHECK(request_of(R"("body":{"a":"<{{env.ODD}}>","{{env.API_KEY}}":[1]})").body ==
          R"({"a":"<a\"b&c d>","s3cret":[1]})");
    CHECK(request_of(R"("form":{"key":"{{env.ODD}}"})").body == "key=a%22b%26c+d");
    CHECK(request_of(R"("body":{"a":{"b":{}}})").body == R"({"a":{"b":{}}})");
}

TEST_CASE("secrets are not expanded anywhere else") {
    const Call call = read(R"({"url":"http://a.b","custom_id":"{{env.API_KEY}}",)"
                           R"("group":"{{env.API_KEY}}","metadata":"{{env.API_KEY}}","x-a":"{{env.MISSING}}"})");
    CHECK(call.custom_id == "{{env.API_KEY}}");
    CHECK(call.rules.group == "{{env.API_KEY}}");
    CHECK(call.metadata == "\"{{env.API_KEY}}\"");
    CHECK(message_of(R"({"url":"http://a.b/?key={{env.API_KEY}}"})") ==
          "line 7, column 8: \"url\" takes no {{...}}: a secret of a query stands in \"params\"");
}

TEST_CASE("a name that is not permitted is sent verbatim, and noted") {
    InputNotes notes;
    RequestDefaults defaults = with_secrets();
    defaults.notes = &notes;
    const auto request_of = [&](std::string_view fields) { return read(line_with(fields), defaults).request; };
    CHECK(request_of(R"("headers":{"X":"{{env.PATH}} {{env.API_KEY}}"})").headers.get("x") == "{{env.PATH}} s3cret");
    CHECK(request_of(R"("params":{"a":"{{file./etc/passwd}}"})").url.text().find("passwd") != std::string::npos);
    CHECK(request_of(R"("body":{"a":"{{env.PATH}}","b":"{{env.PATH"})").body ==
          R"({"a":"{{env.PATH}}","b":"{{env.PATH"})");
    request_of(R"("body":"{{ env.PATH }}")");
    CHECK(notes.calls_with_left_names() == 3);
    REQUIRE(notes.left_names().size() == 2);
    CHECK(notes.left_names()[0].name == "env.PATH");
    CHECK(notes.left_names()[0].calls == 2);
    CHECK(notes.left_names()[1].name == "file./etc/passwd");
    read_bad(line_with(R"("body":"{{env.PATH}}","method":1)"), defaults);
    CHECK(notes.calls_with_left_names() == 3);
}

TEST_CASE("a secret that is not UTF-8 is refused in JSON, and the error has its name") {
    CHECK(message_of(line_with(R"("body":{"a":"{{env.BYTES}}"})"))
              .ends_with("{{env.BYTES}} is not UTF-8, so it can't stand in JSON"));
}

TEST_CASE("every permitted secret is registered under its name") {
    Secrets secrets;
    RequestDefaults defaults = with_secrets();
    defaults.secrets = &secrets;
    const RequestReader reader(std::move(defaults));
    std::string text = "s3cret, file secret";
    secrets.redact(text);
    CHECK(text == "{{env.API_KEY}}, {{file./key}}");
}

TEST_CASE("a line break in a header value is refused, and the value is not shown") {
    const std::string own = message_of(R"({"url":"http://a.b","headers":{"X-A":"top\r\nsecret"}})");
    CHECK(own.find("X-A") != std::string::npos);
    CHECK(own.find("top") == std::string::npos);
    const std::string environment = message_of(R"({"url":"http://a.b","headers":{"X-B":"{{env.BROKEN}}"}})");
    CHECK(environment.find("X-B") != std::string::npos);
    CHECK(environment.find("s3cret") == std::string::npos);
}

TEST_CASE("a bare URL gets the same defaults") {
    RequestDefaults defaults;
    defaults.base_url = "http://a.b";
    defaults.headers = {{"X", "1"}};
    RequestReader reader(defaults);
    const auto call = std::get<Call>(reader.read_url("/x", 3));
    CHECK(call.custom_id == "line-3");
    CHECK(call.request.url.text() == "http://a.b/x");
    CHECK(call.request.headers.get("x") == "1");
    CHECK(std::get<BadLine>(reader.read_url("ftp://x", 4)).message.starts_with("line 4: URL 'ftp://x': "));
}

TEST_CASE("any line becomes a call or an error message") {
    RequestReader reader(with_secrets());
    const std::string fields =
        R"("custom_id":"\ud83c\udf5e","params":{"a":[1,true,"b"]},"headers":{"X":["a","{{env.API_KEY}}"]},)"
        R"("retry":{"statuses":[409]},"cost":{"tokens":1e3},"expect":{"json":[{"path":"/a/0","is":{"b":null}}]},)"
        R"("form":{"a":"b"},"idempotency_key":"k","metadata":[[]])";
    const std::string line = line_with(fields);
    REQUIRE(std::holds_alternative<Call>(reader.read_json(line, 1)));
    constexpr std::string_view odd = "\"\\{}[],:0-eutn\xff\xc3\0{{env. ";
    std::minstd_rand random;  // the same lines each time
    for (int round = 0; round < 20'000; ++round) {
        std::string broken = line;
        for (unsigned n = 0; n <= random() % 3; ++n) broken[random() % broken.size()] = odd[random() % odd.size()];
        if (random() % 4 == 0) broken.resize(random() % broken.size());
        const SourceItem item = reader.read_json(broken, 1);
        if (const auto* bad = std::get_if<BadLine>(&item)) {
            CHECK(bad->message.starts_with("line 1"));
            CHECK(bad->message.find("s3cret") == std::string::npos);
        }
    }
}

TEST_CASE("a hostile value is refused in any field") {
    const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    for (const char* name : {"url", "params", "headers", "body", "body_base64", "body_file", "form", "multipart",
                             "retry", "cost", "expect", "metadata", "timeout_s", "priority", "group", "x-own"}) {
        CAPTURE(name);
        CHECK(read_bad(fmt::format(R"({{"url":"http://a.b","{}":{}}})", name, deep)).message.starts_with("line 7"));
    }
    for (const char* name : {"custom_id", "method", "body", "group", "order_key", "idempotency_key", "body_file"}) {
        CAPTURE(name);
        CHECK(message_of(line_with(fmt::format(R"("{}":"\ud800")", name))).find("not JSON") != std::string::npos);
    }
    for (const char* number : {"1e400", "123456789012345678901234567890", "-1e-400", "0x10", "01", "NaN", "Infinity"}) {
        for (const char* name : {"timeout_s", "deadline_s", "priority"}) {
            CAPTURE(number);
            CHECK(message_of(line_with(fmt::format(R"("{}":{})", name, number))).starts_with("line 7"));
        }
    }
}
