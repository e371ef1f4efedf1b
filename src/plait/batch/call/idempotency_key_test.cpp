#include "plait/batch/call/idempotency_key.hpp"

#include <doctest/doctest.h>

using namespace plait::batch;

TEST_CASE("an automatic key is made from the SHA-256 of seed and id") {
    // printf 'run-1\0row-1' | sha256sum, with the bits of version and variant set.
    CHECK(automatic_key("run-1", "row-1") == "ae52cbd9-3fa5-8daf-8c89-56caea5dac35");
}

TEST_CASE("moving a character from the seed to the id changes the key") {
    CHECK(automatic_key("ab", "c") != automatic_key("a", "bc"));
    CHECK(automatic_key("a", "x") != automatic_key("b", "x"));
    CHECK(automatic_key("a", "x") != automatic_key("a", "y"));
}
