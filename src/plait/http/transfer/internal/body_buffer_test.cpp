#include "plait/http/transfer/internal/body_buffer.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace plait::http::internal {

TEST_CASE("a body moves to a file when it grows too large for memory") {
    std::string folder = std::filesystem::temp_directory_path() / "plait-test-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()));
    Limits limits;
    limits.body_bytes = 100;
    BodyMemory memory(1'000'000, BodyFolder{folder, 10, 50});
    Response response;
    BodyBuffer buffer(response, limits, memory);
    buffer.append("0123456789");
    CHECK(response.body == "0123456789");
    CHECK_FALSE(response.saved_body);
    buffer.append("a");
    buffer.append(std::string(39, 'b'));
    CHECK(response.body.empty());
    REQUIRE(response.saved_body);
    CHECK(body_size(response) == 50);
    response.saved_body->flush();
    std::ifstream file(response.saved_body->path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    CHECK(content == "0123456789a" + std::string(39, 'b'));
    CHECK_THROWS_WITH_AS(buffer.append("c"), doctest::Contains("--max-body"), Error);
    CHECK(memory.held() == 0);
    response.saved_body.reset();
    std::filesystem::remove(folder);
}

TEST_CASE("a body whose length says that it is too large for memory goes to a file from the start") {
    std::string folder = std::filesystem::temp_directory_path() / "plait-test-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()));
    const Limits limits;
    BodyMemory memory(1'000'000, BodyFolder{folder, 10});
    Response small;
    BodyBuffer(small, limits, memory).expect_whole(10);
    CHECK_FALSE(small.saved_body);
    Response large;
    BodyBuffer buffer(large, limits, memory);
    buffer.expect_whole(11);
    REQUIRE(large.saved_body);
    buffer.append("a");
    CHECK(large.body.empty());
    CHECK(body_size(large) == 1);
    large.saved_body.reset();
    std::filesystem::remove(folder);
}

}  // namespace plait::http::internal
