#include "plait/workers/internal/chunk_size.hpp"

#include <doctest/doctest.h>

using namespace plait::internal;
using namespace std::chrono_literals;

TEST_CASE("the next chunk holds about a millisecond of work") {
    CHECK(next_chunk_size(100, 100, 1ms) == 100);
    CHECK(next_chunk_size(100, 100, 2ms) == 50);
    CHECK(next_chunk_size(100, 100, 500us) == 200);
}

TEST_CASE("a chunk of items that take a millisecond or more is one item") {
    CHECK(next_chunk_size(1, 1, 1ms) == 1);
    CHECK(next_chunk_size(1, 1, 10s) == 1);
    CHECK(next_chunk_size(4096, 1, 4ms) == 1);
}

TEST_CASE("chunks grow at most fourfold, up to a limit") {
    CHECK(next_chunk_size(1, 1, 100ns) == 4);
    CHECK(next_chunk_size(4, 4, 400ns) == 16);
    CHECK(next_chunk_size(16, 16, 0ns) == 64);
    CHECK(next_chunk_size(4000, 4000, 1us) == most_items_of_a_chunk);
}

TEST_CASE("a chunk that ended early is measured by the items that it did") {
    CHECK(next_chunk_size(1000, 40, 4ms) == 10);
    CHECK(next_chunk_size(1000, 0, 4ms) == 1000);
}

TEST_CASE("chunks leave room for one running and one queued for each worker") {
    CHECK(largest_chunk_size(400, 2) == 100);
    CHECK(largest_chunk_size(5, 2) == 1);
    CHECK(largest_chunk_size(1, 8) == 1);
}
