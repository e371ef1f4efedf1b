#include "plait/batch/method/internal/cluster_options.hpp"

#include "plait/cluster/protocol/numbers.hpp"
#include "plait/http/body/body_memory.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::coordinator_options;
using plait::batch::internal::session_of_workers;

TEST_CASE("workers receive bodies that fit into a message, whatever the run permits") {
    http::SessionOptions session;
    session.limits.body_bytes = 1000;
    CHECK(session_of_workers(session).limits.body_bytes == 1000);
    session.limits.body_bytes = 2 * cluster::most_text_bytes;
    CHECK(session_of_workers(session).limits.body_bytes < cluster::most_text_bytes);
}

TEST_CASE("workers receive bodies that are saved here in memory, up to the limit of saved bodies") {
    http::BodyFolder folder;
    folder.most_bytes = 5000;
    http::SessionOptions session;
    session.limits.body_bytes = 1000;
    session.body_memory = std::make_shared<http::BodyMemory>(100'000, folder);
    CHECK(session_of_workers(session).limits.body_bytes == 5000);
}

TEST_CASE("an attempt must leave soon after its permit only if the run has limits") {
    MethodOptions options;
    CHECK_FALSE(coordinator_options(options).leave_within);
    options.has_limits = true;
    CHECK(coordinator_options(options).leave_within == cluster::departure_jitter);
}
