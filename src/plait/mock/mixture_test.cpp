#include "plait/mock/mixture.hpp"

#include "plait/mock/fault.hpp"
#include "plait/mock/limit/limit_headers.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::mock;

TEST_CASE("each value of a mixture gets its share") {
    const Mixture<Fault> mixture("500:25%,stall:0.5%,reset-after:50%");
    CHECK(mixture.pick(0)->status() == 500);
    CHECK(mixture.pick(0.2499)->status() == 500);
    CHECK(mixture.pick(0.25) == Fault::named("stall"));
    CHECK(mixture.pick(0.2549) == Fault::named("stall"));
    CHECK(mixture.pick(0.2551) == Fault::named("reset-after"));
    CHECK_FALSE(mixture.pick(0.7551));
    CHECK_FALSE(Mixture<Fault>().pick(0));
}

TEST_CASE("a name without a share has all of it") {
    CHECK(Mixture<Lie>("past").pick(0.999999) == Lie(Lie::Kind::past));
}

TEST_CASE("an invalid mixture is refused") {
    const auto refusal = [](const char* text) -> std::string {
        try {
            Mixture<Fault> mixture(text);
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::bad_input);
            return error.what();
        }
        return "accepted";
    };
    CHECK(refusal("500:5") == "'5' is not a share such as 5% or 0.1%");
    CHECK(refusal("500:-1%") == "'-1%' is not a share such as 5% or 0.1%");
    CHECK(refusal("500:nan%") == "'nan%' is not a share such as 5% or 0.1%");
    CHECK(refusal("500:60%,502:41%") == "the shares are more than 100% together");
    CHECK(refusal("500:5%,fire:1%").starts_with("there is no 'fire'; there are statuses, reset-before, "));
    CHECK(refusal("199:5%").starts_with("there is no '199'"));
    CHECK(refusal("").starts_with("there is no ''"));
    CHECK(refusal("500:70%,502:20%,503:10%") == "accepted");
}
