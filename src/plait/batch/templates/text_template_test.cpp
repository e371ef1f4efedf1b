#include "plait/batch/templates/text_template.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

using namespace plait;
using namespace plait::batch;

namespace {

/// The parts as `[literal]`, `(column :type ?)`, `<secret>`, or the error.
std::string parts_of(std::string_view text) {
    ColumnList columns;
    std::string out;
    try {
        for (const TemplatePart& part : parse_template(text, columns)) {
            if (part.kind == TemplatePart::Kind::literal) out += "[" + part.text + "]";
            if (part.kind == TemplatePart::Kind::secret) out += "<" + part.text + ">";
            if (part.kind != TemplatePart::Kind::column) continue;
            constexpr std::string_view types[]{"", ":number", ":bool", ":json"}, missing[]{"", "?", "|"};
            out += fmt::format("({}{}{})", columns[part.use.column].name, types[static_cast<int>(part.use.type)],
                               missing[static_cast<int>(part.use.if_missing)]);
        }
    } catch (const Error& error) {
        return error.what();
    }
    return out;
}

}  // namespace

TEST_CASE("a template consists of text, columns and secrets") {
    CHECK(parts_of("") == "");
    CHECK(parts_of("a") == "[a]");
    CHECK(parts_of("a{{row.id}}b{{row.id}}{{env.KEY}}") == "[a](id)[b](id)<env.KEY>");
    CHECK(parts_of("{{ row.First name }}") == "(First name)");
    CHECK(parts_of("{{row.n:number}}{{row.n?}}{{row.n|}}{{row.n:bool?}}{{row.n:json|}}") ==
          "(n:number)(n?)(n|)(n:bool?)(n:json|)");
    CHECK(parts_of("{{row./a/b}}") == "(/a/b)");
    CHECK(parts_of(R"({{row["a: }} b"]:number}})") == "(a: }} b:number)");
    CHECK(parts_of("{{file./run/key}} { } }} {") == "<file./run/key>[ { } }} {]");
}

TEST_CASE("braces that mean nothing are refused with what may stand there") {
    CHECK(parts_of("{{id}}").starts_with("{{id}}: only {{row.COLUMN}}"));
    CHECK(parts_of("{{row.}}").starts_with("{{row.}}: name a column"));
    CHECK(parts_of("{{row.id").starts_with("{{row.id: the closing }} is missing"));
    CHECK(parts_of("{{row.n:int}}").ends_with("the type int is not one of number, bool, json"));
    CHECK(parts_of("{{row.n|none}}").find("row[\"a:b\"]") != std::string::npos);
    CHECK(parts_of("{{row[id]}}").ends_with(R"(a name in brackets is a JSON string, such as {{row["a:b"]}})"));
}

TEST_CASE("columns are named once, and a pointer is another column than the name that looks like it") {
    ColumnList columns;
    parse_template(R"({{row.a}}{{row.b}}{{row.a}}{{row./a}}{{row["/a"]}})", columns);
    CHECK(columns.size() == 4);
    CHECK(columns[2].is_same_as(RowColumn("/a", true)));
    CHECK(columns[3].is_same_as(RowColumn("/a", false)));
}

TEST_CASE("a text that names a column is recognised") {
    CHECK(names_column("a {{row.b}}"));
    CHECK(names_column("{{{row.b}}"));
    CHECK(names_column("{{ row[\"b\"]}}"));
    CHECK_FALSE(names_column("{{env.ROW}} {row.b} {{rows.b}}"));
}
