#include "plait/batch/templates/request_template.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/json/value.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace plait;
using namespace plait::batch;

namespace {

using Cells = std::map<std::string, RowCell, std::less<>>;

RowCell text(std::string_view value) { return RowCell(RowCell::Kind::text, value); }

RowOptions url(std::string text) {
    RowOptions rows;
    rows.url = std::move(text);
    return rows;
}

RowOptions body(std::string text) {
    RowOptions rows = url("http://a/");
    rows.body = std::move(text);
    return rows;
}

std::string secret(std::string_view name) { return fmt::format("<{}>", name); }

std::vector<RowCell> row_for(const RequestTemplate& made, const Cells& cells) {
    std::vector<RowCell> row;
    for (const RowColumn& column : made.columns()) {
        const auto cell = cells.find(column.name);
        row.push_back(cell == cells.end() ? RowCell() : cell->second);
    }
    return row;
}

/// The request, or the error of the template or of the row.
std::string filled(const RowOptions& rows, const Cells& cells = {}) {
    try {
        const RequestTemplate made(rows, secret);
        RowRequest request;
        made.fill(row_for(made, cells), request);
        std::string out = rows.body ? request.body : request.url;
        for (const auto& [name, value] : request.headers) out += fmt::format(" [{}: {}]", name, value);
        for (const auto& [name, value] : request.form) out += fmt::format(" ({}={})", name, value);
        return out;
    } catch (const Error& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("values in a path and a query are encoded") {
    const auto rows = url("https://h/v1/{{row.a}}/x-{{row.b}}?q={{row.a}}&{{row.b}}=1#top");
    CHECK(filled(rows, {{"a", text("a/b c")}, {"b", text("?&=")}}) ==
          "https://h/v1/a%2Fb%20c/x-%3F%26%3D?q=a%2Fb%20c&%3F%26%3D=1");
}

TEST_CASE("a value that would change the path is refused") {
    const auto rows = url("http://h/items/{{row.id}}");
    CHECK(filled(rows, {{"id", text("7")}}) == "http://h/items/7");
    CHECK(filled(rows, {{"id", text("")}}) == "column id: '' is empty, and would change the path");
    CHECK(filled(rows, {{"id", text(".")}}) == "column id: '.' would change the path");
    CHECK(filled(rows, {{"id", text("..")}}) == "column id: '..' would change the path");
    CHECK(filled(rows, {}) == "column id has no value");
    CHECK(filled(url("http://h/.{{row.id}}/x"), {{"id", text(".")}}) == "column id: '.' would change the path");
    CHECK(filled(url("http://h/%2e{{row.id}}"), {{"id", text(".")}}) == "column id: '.' would change the path");
    CHECK(filled(url("http://h/x{{row.id|}}"), {}) == "http://h/x");
    CHECK(filled(url("http://h/{{row.id|}}"), {}) == "column id would change the path");
    CHECK(filled(url("http://h/{{row.id?}}")).find("can't be left out") != std::string::npos);
}

TEST_CASE("a pair of the query is left out if its value is missing and it may be") {
    const auto rows = url("http://h/?a={{row.a?}}&b={{row.b|}}&c={{row.c?}}");
    CHECK(filled(rows, {{"a", text("1")}, {"c", text("")}}) == "http://h/?a=1&b=&c=");
    CHECK(filled(rows, {}) == "http://h/?b=");
    CHECK(filled(url("http://h/x?a={{row.a?}}"), {}) == "http://h/x");
    CHECK(filled(url("http://h/x?a={{row.a}}"), {}) == "column a has no value");
}

TEST_CASE("scheme and host are fixed") {
    for (const std::string_view fault :
         {"{{row.a}}://h/", "http://{{row.a}}/", "http://h{{row.a}}", "http://h:{{row.a}}/x", "http://{{row.a}}@h/",
          "http://{{env.HOST}}/", "{{row.a}}{{row.b}}", "/x/{{row.a}}", "h/x"})
        CHECK(filled(url(std::string(fault)), {{"a", text("b")}}).starts_with("--url: "));
    CHECK(filled(url("http://h/{x}/{{row.a}}")).starts_with("--url: "));
    CHECK(filled(url("http://h/#{{row.a}}")) == "--url: a column stands behind #, and that part is never sent");
}

TEST_CASE("a column alone is the whole URL") {
    CHECK(filled(url("{{row.u}}"), {{"u", text("https://h/a?b=c d")}}) == "https://h/a?b=c d");
    CHECK(filled(url("{{row.u?}}")) == "--url: {{row.u}} alone as the URL takes no :type, ? or |");
}

TEST_CASE("secrets of a query come last, and none stands in a path") {
    const RequestTemplate made(url("http://h/x?key={{env.KEY}}&a={{row.a}}"), secret);
    CHECK(made.url().secret_pairs() == std::vector<std::pair<std::string, std::string>>{{"key", "<env.KEY>"}});
    CHECK(filled(url("http://h/x?key={{env.KEY}}&a={{row.a}}"), {{"a", text("1")}}) == "http://h/x?a=1");
    CHECK(filled(url("http://h/{{env.KEY}}")).find("header or into the query") != std::string::npos);
    CHECK(filled(url("http://h/?a={{env.KEY}}{{row.a}}")).find("no column beside it") != std::string::npos);
}

TEST_CASE("a value in a JSON body is a string where it stands alone, and escaped text inside quotes") {
    CHECK(filled(body(R"({"name": {{row.a}}, "note": "from {{row.a}}!"})"), {{"a", text("\"q\"\n")}}) ==
          R"({"name": "\"q\"\n", "note": "from \"q\"\n!"})");
    CHECK(filled(body("{{row.a}}"), {{"a", text("x")}}) == R"("x")");
    CHECK(filled(body(R"({"{{row.a}}": 1})"), {{"a", text("x\"")}}) == R"({"x\"": 1})");
    CHECK(filled(body(R"({"k": "{{env.KEY}}", "l": {{env.KEY}}})")) == R"({"k": "<env.KEY>", "l": "<env.KEY>"})");
}

TEST_CASE("text stays text unless a type is asked for") {
    for (const std::string_view value : {"00123", "0x1F", "+49", "1.10", "1e5", "true", "null", "7"}) {
        CHECK(filled(body(R"({"a": {{row.a}}})"), {{"a", text(value)}}) == fmt::format(R"({{"a": "{}"}})", value));
    }
    const auto typed = body(R"({"n": {{row.n:number}}, "b": {{row.b:bool}}, "j": {{row.j:json}}})");
    CHECK(filled(typed, {{"n", text("1.10")}, {"b", text("t")}, {"j", text("[1, 2]")}}) ==
          R"({"n": 1.10, "b": true, "j": [1, 2]})");
    CHECK(filled(body(R"({"n": "{{row.n:number}}"})")).find("inside quotes, where all is text") != std::string::npos);
}

TEST_CASE("values of JSON rows keep their type and digits") {
    const Cells cells{{"n", RowCell(RowCell::Kind::number, "12345678901234567890.0")},
                      {"b", RowCell(RowCell::Kind::boolean, "false")},
                      {"j", RowCell(RowCell::Kind::json, R"({"x": [1]})")}};
    CHECK(filled(body(R"([{{row.n}}, {{row.b}}, {{row.j}}, "{{row.n}}"])"), cells) ==
          R"([12345678901234567890.0, false, {"x": [1]}, "12345678901234567890.0"])");
    CHECK(filled(url("http://h/{{row.n}}?b={{row.b}}"), cells) == "http://h/12345678901234567890.0?b=false");
    CHECK(
        filled(url("http://h/{{row.j}}"), cells).ends_with("is a list or an object, which only a JSON body can take"));
    CHECK(filled(body(R"(["{{row.j}}"])"), cells).ends_with("is a list or an object, which only a JSON body can take"));
}

TEST_CASE("a member or element is left out if its value is missing and it may be") {
    const auto rows =
        body("{\"a\": {{row.a?}},\n \"b\": \"x{{row.b?}}\", \"c\": [{{row.a?}}, 1 , {{row.b?}} ], \"d\": {{row.d|}} }");
    CHECK(filled(rows, {{"a", text("1")}, {"b", text("2")}, {"d", text("3")}}) ==
          "{\"a\": \"1\",\n \"b\": \"x2\", \"c\": [\"1\", 1 , \"2\" ], \"d\": \"3\" }");
    CHECK(filled(rows, {}) == R"({"c": [1 ], "d": null })");
    CHECK(filled(body(R"({ "a": {{row.a?}} })"), {}) == "{ }");
    CHECK(filled(body("{{row.a?}}")).ends_with("leaves out a member or element, and here is none"));
    CHECK(filled(body(R"({"a": {{row.a}}})"), {}) == "column a has no value");
}

TEST_CASE("a body that is not JSON is refused before any row") {
    for (const std::string_view fault :
         {"", "{", "[1,]", "{\"a\" 1}", "{\"a\": tru}", "{\"a\": 01}", "\"a", "{} {}", "{{row.a}} {{row.b}}",
          "{\"a\": {{row.a}} x}", "{a: 1}", "[1 2]", "{\"a\": \"\\x\"}"})
        CHECK(filled(body(std::string(fault))).starts_with("--body: not JSON"));
    CHECK(filled(body(std::string(200, '['))).starts_with("--body: not JSON"));
    CHECK(filled(body("\"{{name}}\"")).starts_with("--body: {{name}}: only {{row.COLUMN}}"));
}

TEST_CASE("headers and forms are filled, or left out") {
    RowOptions rows = url("http://h/");
    rows.headers = {{"X-Region", "eu-{{row.r?}}"}, {"X-Key", "{{env.KEY}}"}};
    rows.form = {{"a", "{{row.a}}"}, {"b", "{{row.r?}}"}};
    CHECK(filled(rows, {{"r", text("1")}, {"a", text("&=")}}) ==
          "http://h/ [X-Region: eu-1] [X-Key: <env.KEY>] (a=&=) (b=1)");
    CHECK(filled(rows, {{"a", text("")}}) == "http://h/ [X-Key: <env.KEY>] (a=)");
    rows.body = "{}";
    CHECK(filled(rows) == "--body and --form exclude each other: a request has one body");
    rows = url("http://h/");
    rows.headers = {{"X Y", "{{row.a}}"}};
    CHECK(filled(rows).starts_with("--header: "));
    rows = url("http://h/");
    rows.method = "GET IT";
    CHECK(filled(rows).starts_with("--request: "));
}

TEST_CASE("values are never looked at again") {
    const Cells cells{{"a", text("{{env.KEY}}{{row.b}}")}, {"b", text("no")}};
    CHECK(filled(body(R"({"a": {{row.a}}})"), cells) == R"({"a": "{{env.KEY}}{{row.b}}"})");
    CHECK(filled(url("http://h/?a={{row.a}}"), cells) == "http://h/?a=%7B%7Benv.KEY%7D%7D%7B%7Brow.b%7D%7D");
}

TEST_CASE("ids and metadata are text") {
    RowOptions rows = url("http://h/{{row.a}}");
    rows.id_from = "id";
    const Cells cells{{"id", RowCell(RowCell::Kind::number, "7")}, {"b", text("\"x")}};
    RequestTemplate made(rows, secret);
    CHECK(made.id_of(row_for(made, cells)) == "7");
    CHECK(made.metadata_of(row_for(made, cells)) == R"({"id":"7"})");
    CHECK_THROWS_WITH(made.id_of(row_for(made, {})), "column id has no value");
    CHECK_THROWS_WITH(made.id_of(row_for(made, {{"id", text("")}})), "column id: '' is no id");
    rows.keep = {"b", "c"};
    made = RequestTemplate(rows, secret);
    CHECK(made.metadata_of(row_for(made, cells)) == R"({"b":"\"x"})");
    CHECK(made.metadata_of(row_for(made, {})) == "{}");
    made = RequestTemplate(url("http://h/"), secret);
    CHECK(made.id_of({}) == "");
    CHECK(made.metadata_of({}) == "");
}

TEST_CASE("a template says which columns are sent where") {
    RowOptions rows = url("http://h/{{row.a}}?q={{row.b}}&r={{row.a}}");
    rows.headers = {{"X-R", "{{row.b}}"}};
    rows.body = "[{{row.c}}, \"{{row.c}}\"]";
    std::string all;
    for (const ColumnPlaces& places : RequestTemplate(rows, secret).places()) {
        all += places.column + ":";
        for (const std::string& place : places.places) all += " " + place + ",";
    }
    CHECK(all == "a: the path, the query,b: the query, the header X-R,c: the body,");
}
