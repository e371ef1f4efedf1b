#include "plait/batch/attempt.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::batch;

namespace {

Attempt answer(int status) {
    http::Response response;
    response.status = status;
    return response;
}

}  // namespace

TEST_CASE("an answer 2xx is ok, and any other is a rejection") {
    CHECK(judge(answer(200), false) == Outcome::ok);
    CHECK(judge(answer(204), true) == Outcome::ok);
    for (int status : {301, 304, 404, 429, 500}) CHECK(judge(answer(status), true) == Outcome::rejected);
}

TEST_CASE("without an answer a call has failed only if it was surely not done, or harmless") {
    const Failure sent(ErrorCode::reset, "", true);
    const Failure not_sent(ErrorCode::connect, "", false);
    CHECK(judge(sent, is_safe_to_repeat("POST")) == Outcome::unknown);
    CHECK(judge(sent, is_safe_to_repeat("PATCH")) == Outcome::unknown);
    CHECK(judge(sent, is_safe_to_repeat("GET")) == Outcome::failed);
    CHECK(judge(sent, is_safe_to_repeat("DELETE")) == Outcome::failed);
    CHECK(judge(not_sent, is_safe_to_repeat("POST")) == Outcome::failed);
}

TEST_CASE("methods are told apart with regard to case") { CHECK_FALSE(is_safe_to_repeat("get")); }

TEST_CASE("a failure is retryable when sending again is harmless and may help") {
    CHECK(is_retryable(Failure(ErrorCode::reset, "", true), true));
    CHECK_FALSE(is_retryable(Failure(ErrorCode::reset, "", true), false));
    CHECK(is_retryable(Failure(ErrorCode::connect, "", false), false));
    CHECK_FALSE(is_retryable(Failure(ErrorCode::bad_input, "", false), true));
    CHECK_FALSE(is_retryable(Failure(ErrorCode::tls, "", false), true));
}
