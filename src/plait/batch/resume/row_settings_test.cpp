#include "plait/batch/resume/row_settings.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait::batch;

TEST_CASE("templates come back from the settings of a run as they were") {
    RowOptions rows;
    rows.url = "/items/{{row.id}}";
    rows.method = "PUT";
    rows.body = "[{{row.a}}]";
    rows.form = {{"a'", "1"}, {"b", "{{row.b}}"}, {"a'", "2"}, {"#1 a", "3"}, {"a", "4"}};
    for (int i = 0; i < 10; ++i) rows.form.emplace_back("c", std::to_string(i));
    rows.headers = {{"X-A'", "{{row.a}}"}, {"X-A", "{{row.b}}"}};
    rows.id_from = "id";
    rows.keep = {"id", "name"};
    rows.format = RowFormat::tsv;
    rows.table = "t";
    rows.empty_is_text = true;
    Settings settings{{"--base-url", "http://h"}, {"--header", "X-A, X-B"}};
    add_row_settings(rows, settings);
    const RequestDefaults defaults = row_defaults(settings);
    CHECK(defaults.base_url == "http://h");
    CHECK(defaults.put_secrets == SecretExpander::Put::names);
    const RowOptions& back = defaults.rows;
    CHECK(back.url == rows.url);
    CHECK(back.method == rows.method);
    CHECK(back.body == rows.body);
    CHECK(back.form == rows.form);
    CHECK(back.headers == rows.headers);
    CHECK(back.id_from == rows.id_from);
    CHECK(back.keep == rows.keep);
    CHECK(back.format == rows.format);
    CHECK(back.table == rows.table);
    CHECK(back.empty_is_text);
    CHECK(back.fixed_headers.empty());
    CHECK(row_defaults({{"--header", "A, content-type"}}).rows.fixed_headers.size() == 1);
}

TEST_CASE("settings of a run of requests name no rows") {
    CHECK_FALSE(row_defaults({{"--base-url", "http://h"}, {"--body", "auto"}}).rows.are_given());
}
