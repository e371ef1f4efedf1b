#include "plait/batch/sources/row_source.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/rows/open_rows.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/testing/check_source.hpp"
#include "plait/batch/testing/test_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::memory_file;

namespace {

using Items = std::vector<std::string>;

RequestDefaults defaults_with(std::string url) {
    RequestDefaults defaults;
    defaults.rows.url = std::move(url);
    return defaults;
}

std::unique_ptr<ResumableSource> source_of(std::string_view text, RequestDefaults defaults) {
    const RowOptions rows = defaults.rows;
    const auto open = [&](const ColumnList& columns) { return open_rows(memory_file(text), "test", rows, columns); };
    return std::make_unique<RowSource>(open, std::move(defaults), std::nullopt);
}

std::string shown(const SourceItem& item) {
    if (const auto* bad = std::get_if<BadLine>(&item))
        return fmt::format("{} {} {}", bad->custom_id, bad->message, bad->metadata);
    const Call& call = std::get<Call>(item);
    std::string text = fmt::format("{} {} {}", call.custom_id, call.request.method(), call.request.url.text());
    for (const http::Header& header : call.request.headers) text += fmt::format(" [{}: {}]", header.name, header.value);
    if (!call.request.body.empty()) text += " " + call.request.body;
    return text + (call.metadata.empty() ? "" : " " + std::string(call.metadata));
}

Items items_of(std::string_view text, RequestDefaults defaults) {
    Items items;
    try {
        const auto source = source_of(text, std::move(defaults));
        while (const auto item = run(source->next())) items.push_back(shown(*item));
    } catch (const Error& error) {
        items.push_back(error.what());
    }
    return items;
}

}  // namespace

TEST_CASE("rows keep the contract of a source") {
    run(testing::check_source(
        [] { return source_of("id\n7\n\n..\n\"8\n9\"\n", defaults_with("http://a.example/{{row.id}}")); }));
}

TEST_CASE("each row becomes a call, or a bad line with its id and metadata") {
    RequestDefaults defaults = defaults_with("http://a.example/{{row.id}}");
    defaults.rows.id_from = "id";
    CHECK(
        items_of("id,n\n7,1\n..,2\n,3\nx\n", defaults) ==
        Items{
            R"(7 GET http://a.example/7 {"id":"7"})", R"(.. line 3: column id: '..' would change the path {"id":".."})",
            R"(line-4 line 4: column id has no value (an empty cell is missing; --empty-is-text takes it for text) {})",
            "line-5 line 5: 1 cell, and the header has 2 "});
}

TEST_CASE("the run's defaults hold for rows, too") {
    RequestDefaults defaults = defaults_with("/v1/{{row.id}}");
    defaults.base_url = "http://a.example/v1";
    defaults.headers.add("X-A", "1");
    defaults.headers.add("X-B", "2");
    defaults.rows.headers = {{"x-b", "{{row.id}}"}};
    defaults.rows.body = "[{{row.id}}]";
    defaults.automatic_keys = true;
    defaults.key_seed = "seed";
    const Items items = items_of("id\n7\n", defaults);
    REQUIRE(items.size() == 1);
    CHECK(items[0].starts_with("line-2 POST http://a.example/v1/7 [X-A: 1] [x-b: 7] [Idempotency-Key: "));
    CHECK(items[0].ends_with("[Content-Type: application/json] [\"7\"]"));
}

TEST_CASE("a form is encoded, and its type may be given") {
    RequestDefaults defaults = defaults_with("http://a/");
    defaults.rows.form = {{"n", "{{row.id}}"}, {"m", "a b"}};
    defaults.rows.headers = {{"X-Id", "{{row.id}}"}};
    CHECK(items_of("id\n&=\n", defaults) ==
          Items{"line-2 POST http://a/ [X-Id: &=] [Content-Type: application/x-www-form-urlencoded] n=%26%3D&m=a+b"});
    defaults.rows.method = "put";
    defaults.rows.headers.emplace_back("content-type", "text/plain{{row.id?}}");
    CHECK(items_of("id\nx\n", defaults) ==
          Items{"line-2 PUT http://a/ [X-Id: x] [content-type: text/plainx] n=x&m=a+b"});
}

TEST_CASE("a header never takes a line break from a cell") {
    RequestDefaults defaults = defaults_with("http://a/");
    defaults.rows.headers = {{"X-Id", "{{row.id}}"}};
    const Items items = items_of("id\n\"a\r\nX-Evil: 1\"\n", defaults);
    REQUIRE(items.size() == 1);
    CHECK(items[0].starts_with("line-2 line 2: "));
    CHECK(items[0].find("X-Id") != std::string::npos);
}

TEST_CASE("a whole URL from a column is checked as one of a list is") {
    RequestDefaults defaults = defaults_with("{{row.u}}");
    defaults.base_url = "http://a.example/v1";
    const Items items = items_of("u\nhttps://b.example/x?y=1\n/z\nhttp://{}\n", defaults);
    REQUIRE(items.size() == 3);
    CHECK(items[0] == "line-2 GET https://b.example/x?y=1");
    CHECK(items[1] == "line-3 GET http://a.example/v1/z");
    CHECK(items[2].starts_with("line-4 line 4: URL 'http://{}'"));
}

TEST_CASE("a cell names no secret") {
    RequestDefaults defaults = defaults_with("http://a/");
    defaults.rows.body = "[{{row.id}}]";
    defaults.permitted_secrets = {{"env.KEY", "s3cret"}};
    CHECK(items_of("id\n{{env.KEY}}\n", defaults) ==
          Items{R"(line-2 POST http://a/ [Content-Type: application/json] ["{{env.KEY}}"])"});
}

TEST_CASE("an unknown column is an error before the first row") {
    CHECK(items_of("id,name\n7,x\n", defaults_with("http://a/{{row.nam}}")) ==
          Items{"no column nam, did you mean name? (the columns are id, name)"});
    RequestDefaults defaults = defaults_with("http://a/");
    defaults.rows.keep = {"x"};
    CHECK(items_of("id,name\n7,x\n", defaults) == Items{"no column x (the columns are id, name)"});
}

TEST_CASE("a member that all of the first objects lack is an error before the first row, if each row needs it") {
    const std::string_view rows = "{\"name\": 7}\n{}\n";
    CHECK(items_of(rows, defaults_with("http://a/{{row.nam}}")) ==
          Items{"test: no column nam, did you mean name? (the columns are name)"});
    CHECK(items_of(rows, defaults_with("http://a/?n={{row.nam?}}")) ==
          Items{"line-1 GET http://a/", "line-2 GET http://a/"});
    CHECK(items_of(rows, defaults_with("http://a/?n={{row.name}}")) ==
          Items{"line-1 GET http://a/?n=7", "line-2 line 2: column name has no value "});
    RequestDefaults defaults = defaults_with("http://a/");
    defaults.rows.id_from = "id";
    CHECK(items_of(rows, defaults) == Items{"test: no column id (the columns are name)"});
}

TEST_CASE("lines with a result are skipped by the number of their first line") {
    const auto source = source_of("id\n\"a\nb\"\nc\n", defaults_with("http://a/{{row.id}}"));
    LineSet done;
    done.add(2);
    source->skip(done);
    CHECK(shown(*run(source->next())) == "line-4 GET http://a/c");
    CHECK_FALSE(run(source->next()));
}

TEST_CASE("a changed row is noticed, and total counts rows") {
    InputFingerprint fingerprint;
    const auto save = [&](const InputFingerprint& seen, std::size_t) { fingerprint = seen; };
    const auto source = source_of("id\n\"a\nb\"\nc\n", defaults_with("http://a/{{row.id}}"));
    InputWatch watch("test", {}, false, save);
    source->show_to(watch);
    CHECK(source->total() == 2);
    CHECK(fingerprint.lines == 4);
    InputWatch again("test", fingerprint, false, save);
    CHECK_THROWS_AS(source_of("id\n\"a\nB\"\nc\n", defaults_with("http://a/{{row.id}}"))->show_to(again), Error);
}
