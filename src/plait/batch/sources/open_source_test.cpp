#include "plait/batch/sources/open_source.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/sources/line_source.hpp"
#include "plait/batch/testing/check_source.hpp"
#include "plait/batch/testing/test_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <utility>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::memory_file;

namespace {

/// Each item as `id url`, or as `id: error`.
std::vector<std::string> items_of(Source& source) {
    std::vector<std::string> items;
    while (auto item = run(source.next())) {
        if (const auto* call = std::get_if<Call>(&*item)) {
            items.push_back(call->custom_id + " " + call->request.url.text());
        } else {
            items.push_back(std::get<BadLine>(*item).custom_id + ": " + std::get<BadLine>(*item).message);
        }
    }
    return items;
}

std::vector<std::string> items_of_lines(std::string_view text, std::size_t longest = 200) {
    LineSource source(LineReader(memory_file(text), "test", longest), RequestReader(RequestDefaults()));
    return items_of(source);
}

std::string refusal_of(std::vector<std::string> inputs, RequestDefaults defaults = {}) {
    try {
        open_source(std::move(inputs), std::move(defaults));
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    return "not refused";
}

using Items = std::vector<std::string>;

}  // namespace

TEST_CASE("each kind of input keeps the contract of a source") {
    run(testing::check_source([] {
        constexpr auto text = "{\"url\":\"http://a.example/1\"}\n\nnot JSON\n{\"url\":\"http://a.example/2\"}\n";
        return std::make_unique<LineSource>(LineReader(memory_file(text), "test"), RequestReader(RequestDefaults()));
    }));
    run(testing::check_source([] {
        return open_source({"http://a.example/1", "http://a.example/2"}, RequestDefaults());
    }));
}

TEST_CASE("a model is for the formats whose requests may name none") {
    for (const BatchFormat format : {BatchFormat::plait, BatchFormat::anthropic, BatchFormat::openai}) {
        RequestDefaults defaults;
        defaults.format = format;
        defaults.model = "m";
        CHECK(refusal_of({"-"}, std::move(defaults)) == "--model needs --format gemini-batch or mistral-batch");
    }
}

TEST_CASE("lines of JSON are requests, blank ones are skipped and counted") {
    CHECK(items_of_lines("\n{\"url\":\"http://a.b\"}\n  \r\n{\"custom_id\":\"x\",\"url\":\"http://c.d\"}") ==
          Items{"line-2 http://a.b/", "x http://c.d/"});
}

TEST_CASE("lines of URLs are requests, with space around them") {
    CHECK(items_of_lines("http://a.b/1\r\n\n \thttp://a.b/2 \nhello\n") ==
          Items{"line-1 http://a.b/1", "line-3 http://a.b/2",
                "line-4: line 4: URL 'hello': no scheme: write https://... or http://..."});
}

TEST_CASE("comments are skipped and counted, and do not decide the format") {
    CHECK(items_of_lines("# https://c.d\n  # more\n{\"url\":\"http://a.b\"}\n#{\"url\":\"http://c.d\"}\n") ==
          Items{"line-3 http://a.b/"});
    CHECK(items_of_lines("\xef\xbb\xbf# first\nhttp://a.b/#top\n#http://c.d\n") == Items{"line-2 http://a.b/"});
}

TEST_CASE("a byte order mark is not part of the first line") {
    CHECK(items_of_lines("\xef\xbb\xbf{\"url\":\"http://a.b\"}") == Items{"line-1 http://a.b/"});
}

TEST_CASE("a bad line does not end the run") {
    CHECK(items_of_lines("{\"url\":\"http://a.b\"}\nhttp://a.b\n\xff\n{\"url\":\"http://c.d\"}") ==
          Items{"line-1 http://a.b/", "line-2: line 2: not a JSON object such as {\"url\": \"https://...\"}",
                "line-3: line 3: not UTF-8", "line-4 http://c.d/"});
}

TEST_CASE("a line that is too long is a bad line") {
    CHECK(items_of_lines("http://a.b/1\nhttp://a.b/" + std::string(200, 'x') + "\nhttp://a.b/3", 40) ==
          Items{"line-1 http://a.b/1", "line-2: line 2: longer than 40 bytes", "line-3 http://a.b/3"});
}

TEST_CASE("URLs as arguments are requests in their order") {
    const auto source = open_source({"http://a.b/1", "ftp://c.d"}, RequestDefaults());
    CHECK(source->total() == 2);
    CHECK(items_of(*source) ==
          Items{"line-1 http://a.b/1",
                "line-2: line 2: URL 'ftp://c.d': the scheme is 'ftp': write https://... or http://..."});
}

TEST_CASE("a file is opened by its name") {
    const UniqueFd file = memory_file("http://a.b/1\nhttp://a.b/2\n");
    const auto source = open_source({fmt::format("/proc/self/fd/{}", file.get())}, RequestDefaults());
    CHECK(source->total() == 2);
    CHECK(items_of(*source).size() == 2);
}

TEST_CASE("an unusable input is refused with advice") {
    CHECK(refusal_of({}) == "no requests: give a file, URLs, or - for standard input");
    CHECK(refusal_of({"/nowhere/requests.jsonl"}) ==
          "open /nowhere/requests.jsonl: No such file or directory (a URL begins with http:// or https://)");
    CHECK(refusal_of({"/proc"}) == "open /proc: Is a directory, not a file of requests");
    CHECK(refusal_of({"http://a.b", "/dev/null"}) ==
          "/dev/null is a file among other inputs: give one file, or only URLs");
    const UniqueFd empty = memory_file("");
    CHECK(refusal_of({fmt::format("/proc/self/fd/{}", empty.get())}).ends_with(" is empty"));
}

TEST_CASE("a file of CSV without a template says what it needs") {
    const Items items = items_of_lines("id,name\n");
    REQUIRE(items.size() == 1);
    CHECK(items[0].ends_with("(rows of CSV become requests with --url TEMPLATE)"));
    CHECK(items_of_lines("curl http://a.b\n")[0].ends_with("(plait convert makes requests of curl commands)"));
}
