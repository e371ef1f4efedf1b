#include "plait/batch/requests/line_kind.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace plait::batch;

namespace {

std::optional<BatchFormat> vendor_of(std::string_view line) {
    const auto signs = signs_of(line);
    return signs ? signs->vendor() : std::nullopt;
}

/// The error of a file with this first line; empty: there is none.
std::string refused(std::string_view line, bool has_base_url = false) {
    try {
        refuse_other_kind(line, "a.jsonl", has_base_url);
    } catch (const plait::Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("the vendor of a line shows in its fields") {
    CHECK(vendor_of(R"({"custom_id":"a","url":"/v1/embeddings","body":{}})") == BatchFormat::openai);
    CHECK(vendor_of(R"({"custom_id":"a","params":{}})") == BatchFormat::anthropic);
    CHECK(vendor_of(R"({"key":"a","request":{}})") == BatchFormat::gemini);
    CHECK(vendor_of(R"({"custom_id":"a","body":{}})") == BatchFormat::mistral);
    CHECK_FALSE(vendor_of(R"({"url":"http://a.b"})"));
    CHECK_FALSE(vendor_of(R"({"params":1,"request":"text"})"));
    CHECK_FALSE(vendor_of("[1]"));
    CHECK_FALSE(vendor_of("{"));
}

TEST_CASE("a hint names another format, and none for the format that was asked for") {
    constexpr std::string_view line = R"({"custom_id":"a","params":{}})";
    CHECK(hint_at_format(line, BatchFormat::plait) == "looks like an Anthropic batch: --format anthropic-batch");
    CHECK_FALSE(hint_at_format(line, BatchFormat::anthropic));
    // OpenAI's lines are request lines of plait, too.
    CHECK_FALSE(hint_at_format(R"({"url":"/v1/embeddings","body":{}})", BatchFormat::plait));
}

TEST_CASE("a file of rows, of another program or without a server is refused with the way to use it") {
    CHECK(refused("id,name") == "a.jsonl looks like CSV: make requests of its rows with --url TEMPLATE");
    CHECK(refused("http://a.b/?list=1,2") == "");
    CHECK(refused(R"({"log":{"entries":[]}})") ==
          "a.jsonl has no requests of plait: its first line looks like a HAR: plait convert makes requests of it");
    constexpr std::string_view without_server = R"({"url":"/v1/embeddings","body":{}})";
    CHECK(refused(without_server) ==
          "a.jsonl has the URL /v1/embeddings in its first line, without a server: name it with --base-url");
    CHECK(refused(without_server, true) == "");
}
