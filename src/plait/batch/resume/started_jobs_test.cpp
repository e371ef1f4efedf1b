#include "plait/batch/resume/started_jobs.hpp"

#include <doctest/doctest.h>

using namespace plait::batch;

namespace {

std::string taken_up(std::string_view line, std::string_view poll_url, const Settings& settings = {}) {
    return line_to_take_up(line, poll_url, settings).value_or("none");
}

constexpr const char* asking =
    R"({"custom_id":"a","method":"POST","url":"http://a/jobs","headers":{"X-Key": "{{env.K}}"},"body":{"n":1},)"
    R"("cost":{"usd":1},"deadline_s":5,"follow":{"poll":"/s","until":"done","at":"/url"},"metadata":[1, 2]})";

}  // namespace

TEST_CASE("a job is taken up by a GET with the id, the headers and the rules of its line") {
    CHECK(taken_up(asking, "http://a/jobs/7") ==
          R"({"method":"GET","url":"http://a/jobs/7","custom_id":"a","headers":{"X-Key": "{{env.K}}"},"deadline_s":5,)"
          R"("metadata":[1, 2],"follow":{"poll":"/s","until":["done"]}})");
    const Settings settings{{"--base-url", "http://a/v1"}, {"--follow", R"({"poll":"location"})"}};
    CHECK(taken_up(R"({"custom_id":"b","method":"POST","url":"/jobs"})", "http://a/s/1", settings) ==
          R"({"method":"GET","url":"http://a/s/1","custom_id":"b","follow":{"poll":"location"}})");
}

TEST_CASE("a poll URL with a secret or at another origin, and a line without a job, are not taken up") {
    CHECK(taken_up(asking, "http://a/jobs/7?k={{env.K}}") == "none");
    CHECK(taken_up(asking, "http://b/jobs/7") == "none");
    CHECK(taken_up(asking, "https://a/jobs/7") == "none");
    CHECK(taken_up(R"({"url":"/jobs","follow":{"poll":"location"}})", "http://a/s/1") == "none");
    CHECK(taken_up(R"({"url":"http://a/jobs"})", "http://a/s/1") == "none");
    CHECK(taken_up(R"({"url":"http://a/jobs","follow":{"next":"link"}})", "http://a/s/1") == "none");
    CHECK(taken_up("nothing", "http://a/s/1") == "none");
    CHECK(taken_up(R"({"url":7})", "http://a/s/1") == "none");
}
