#include "plait/batch/method/internal/body_saver.hpp"

#include "plait/batch/testing/test_folder.hpp"
#include "plait/testing/async_test.hpp"

#include <memory>
#include <string>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::BodySaver;
using plait::batch::internal::TestFolder;

namespace {

http::BodyFolder folder_of(const TestFolder& folder) {
    http::BodyFolder bodies;
    bodies.path = folder.file("");
    bodies.inline_bytes = 4;
    return bodies;
}

http::Response answer(std::string body) {
    http::Response response;
    response.body = std::move(body);
    return response;
}

}  // namespace

ASYNC_TEST("a large body goes to a file, and a small one stays in memory") {
    const TestFolder folder;
    BodySaver saver(folder_of(folder));
    const Attempt small = co_await saver.save(answer("1234"));
    CHECK(small.response()->body == "1234");
    CHECK_FALSE(small.response()->saved_body);

    const Attempt large = co_await saver.save(answer("12345"));
    const auto& response = *large.response();
    CHECK(response.body.empty());
    REQUIRE(response.saved_body);
    CHECK(plait::batch::internal::content_of(response.saved_body->path()) == "12345");
}

ASYNC_TEST("the part of a stream that came in time goes to a file, too") {
    const TestFolder folder;
    BodySaver saver(folder_of(folder));
    Failure failure(ErrorCode::timeout, "too slow", true);
    failure.partial = std::make_shared<http::Response>(answer("12345"));
    const Attempt saved = co_await saver.save(std::move(failure));
    REQUIRE(saved.failure());
    CHECK(saved.failure()->partial->saved_body->size() == 5);
}

ASYNC_TEST("an answer that can't be saved is a failure, and its request may have been executed") {
    http::BodyFolder nowhere;
    nowhere.path = "/nowhere";
    nowhere.inline_bytes = 4;
    BodySaver saver(nowhere);
    const Attempt failed = co_await saver.save(answer("12345"));
    REQUIRE(failed.failure());
    CHECK(failed.failure()->code == ErrorCode::storage);
    CHECK(failed.failure()->maybe_sent);
}
