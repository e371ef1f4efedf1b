#include "plait/batch/sources/row_lines.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;

namespace {

RowCell text(std::string_view value) { return RowCell(RowCell::Kind::text, value); }

/// The request line of row 7, or the error.
std::string line_of(RequestDefaults defaults, const std::map<std::string, RowCell, std::less<>>& cells) {
    try {
        RowLineWriter writer(std::move(defaults));
        std::vector<RowCell> row;
        for (const RowColumn& column : writer.columns()) {
            const auto cell = cells.find(column.name);
            row.push_back(cell == cells.end() ? RowCell() : cell->second);
        }
        std::string out;
        writer.append(out, Row(7, row));
        return out;
    } catch (const Error& error) {
        return error.what();
    }
}

RequestDefaults some_defaults() {
    RequestDefaults defaults;
    defaults.rows.url = "http://h/{{row.a}}?key={{env.KEY}}&q={{row.a}}";
    return defaults;
}

/// What a run sends for this line.
std::string body_sent(std::string_view line) {
    RequestDefaults defaults;
    defaults.permitted_secrets = {{"env.KEY", "s3cret"}};
    const SourceItem item = RequestReader(std::move(defaults)).read_json(line, 1);
    if (const auto* bad = std::get_if<BadLine>(&item)) return bad->message;
    return std::get<Call>(item).request.body;
}

}  // namespace

TEST_CASE("a row is written as a request line, with the names of secrets") {
    RequestDefaults defaults = some_defaults();
    defaults.rows.headers = {{"X-A", "{{row.a}}"}, {"X-B", "{{row.b?}}"}};
    defaults.rows.fixed_headers = {{"Authorization", "Bearer {{env.KEY}}"}};
    defaults.rows.body = "{\"a\": {{row.a}},\n \"k\": {{env.KEY}}}";
    defaults.rows.id_from = "a";
    CHECK(line_of(defaults, {{"a", text("x y")}}) ==
          R"({"custom_id":"x y","method":"POST","url":"http://h/x%20y?q=x%20y","params":{"key":"{{env.KEY}}"},)"
          R"("headers":{"X-A":"x y","Authorization":"Bearer {{env.KEY}}"},"body":{"a": "x y",  "k": "{{env.KEY}}"},)"
          R"("metadata":{"a":"x y"}})"
          "\n");
    CHECK(line_of(defaults, {{"a", text("")}}) == "line 7: column a: '' is no id");
}

TEST_CASE("pairs of one name become a list, or a body where others stand between them") {
    RequestDefaults defaults = some_defaults();
    defaults.rows.url = "http://h/";
    defaults.rows.form = {{"t", "{{row.a}}"}, {"u", "1"}, {"t", "{{row.b|}}"}};
    const std::string line = line_of(defaults, {{"a", text("&")}});
    CHECK(line.find(R"("headers":{"Content-Type":"application/x-www-form-urlencoded"},"body":"t=%26&u=1&t="})") !=
          std::string::npos);
    CHECK(body_sent(line) == "t=%26&u=1&t=");
    defaults.rows.form[1].second = "{{env.KEY}}";
    CHECK(line_of(defaults, {{"a", text("&")}}) ==
          R"({"custom_id":"line-7","method":"POST","url":"http://h/","form":{"t":["&",""],"u":"{{env.KEY}}"}})"
          "\n");
    defaults.rows.form = {{"t", "{{row.a}}"}, {"t", "2"}, {"u", "1"}};
    CHECK(line_of(defaults, {{"a", text("&")}}).find(R"("form":{"t":["&","2"],"u":"1"})") != std::string::npos);
}

TEST_CASE("a body that is one JSON string or null is sent as it is written") {
    RequestDefaults defaults;
    defaults.rows.url = "http://h/";
    defaults.rows.body = "{{row.a|}}";
    const std::string line = line_of(defaults, {{"a", text("hel\"lo {{env.KEY}}")}});
    CHECK(line.find(R"("headers":{"Content-Type":"application/json"})") != std::string::npos);
    CHECK(body_sent(line) == R"("hel\"lo \u007b\u007benv.KEY}}")");
    CHECK(body_sent(line_of(defaults, {})) == "null");
    CHECK(body_sent(line_of(defaults, {{"a", RowCell(RowCell::Kind::number, "1.0")}})) == "1.0");
    defaults.rows.fixed_headers = {{"content-type", "application/x"}};
    CHECK(line_of(defaults, {{"a", text("x")}}).find("application/json") == std::string::npos);
    defaults.rows.fixed_headers = {{"Content-Type", ""}};
    CHECK(line_of(defaults, {{"a", text("x")}}).find("headers") == std::string::npos);
    defaults.rows.body = "\"{{row.a|}} {{env.KEY}}\"";
    CHECK(line_of(defaults, {}) ==
          "line 7: a secret in a body that is one JSON string: only an object or a list can name it");
}

TEST_CASE("headers of a row are those that a run sends") {
    RequestDefaults defaults;
    defaults.rows.url = "http://h/";
    defaults.rows.headers = {{"X-A", "{{row.a?}}"}};
    defaults.rows.fixed_headers = {{"x-a", "1"}};
    CHECK(line_of(defaults, {{"a", text("2")}}).find(R"("headers":{"X-A":"2"})") != std::string::npos);
    CHECK(line_of(defaults, {}).find(R"("headers":{"x-a":"1"})") != std::string::npos);
    CHECK(line_of(defaults, {{"a", text("2\n3")}}).starts_with("line 7: "));
}

TEST_CASE("a form whose pairs are all left out stays a form") {
    RequestDefaults defaults;
    defaults.rows.url = "http://h/";
    defaults.rows.form = {{"t", "{{row.a?}}"}};
    CHECK(line_of(defaults, {}) == R"({"custom_id":"line-7","method":"POST","url":"http://h/","form":{}})"
                                   "\n");
}

TEST_CASE("a value names no secret in a request line either") {
    RequestDefaults defaults;
    defaults.rows.url = "http://h/";
    defaults.rows.body = R"({"a": {{row.a}}, "b": "{{row.a}}{{row.b}}", "j": {{row.j}}, "k": "{{env.KEY}}"})";
    const RowCell json(RowCell::Kind::json, R"(["{{env.KEY}}"])");
    const std::string line = line_of(defaults, {{"a", text("{")}, {"b", text("{env.KEY}}")}, {"j", json}});
    CHECK(body_sent(line) ==
          R"({"a": "\u007b", "b": "\u007b\u007benv.KEY}}", "j": ["{\u007benv.KEY}}"], "k": "s3cret"})");
    const std::string plain = line_of(defaults, {{"a", text("{x}")}, {"b", text("y")}, {"j", text("{{row.z}}")}});
    CHECK(body_sent(plain) == R"({"a": "{x}", "b": "{x}y", "j": "{{row.z}}", "k": "s3cret"})");
    defaults.rows.body.reset();
    defaults.rows.headers = {{"X-A", "{{row.a}}"}};
    CHECK(line_of(defaults, {{"a", text("{{env.KEY}}")}}) ==
          "line 7: X-A: the text of a column would name a secret in a file of requests");
    defaults.rows.headers.clear();
    defaults.rows.form = {{"f", "{{row.a}}"}};
    CHECK(line_of(defaults, {{"a", text("{{file.x}}")}}) ==
          "line 7: f: the text of a column would name a secret in a file of requests");
}
