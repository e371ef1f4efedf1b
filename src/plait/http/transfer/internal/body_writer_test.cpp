#include "plait/http/transfer/internal/body_writer.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/testing/async_test.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;
using namespace std::chrono_literals;

ASYNC_TEST("the pending part of a body is written by another thread") {
    ThreadBodyWriter writer;
    Response response;
    co_await writer.write(response, now() + 1h);  // it has no file
    response.saved_body = std::make_shared<SavedBody>(std::filesystem::temp_directory_path());
    response.saved_body->append("some text");
    co_await writer.write(response, now() + 1h);
    CHECK_FALSE(response.saved_body->has_pending());
    std::ifstream file(response.saved_body->path(), std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "some text");
}
