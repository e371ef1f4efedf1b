#include "plait/mock/limit/allowed_rate.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::mock;
using namespace std::chrono_literals;

TEST_CASE("rates are parsed and nonsense is refused") {
    CHECK(AllowedRate::parse("50/s").requests == 50);
    CHECK(AllowedRate::parse("50/s").window == 1s);
    CHECK(AllowedRate::parse("50/s").counting == Counting::sliding);
    CHECK(AllowedRate::parse("500/m").window == 1min);
    CHECK(AllowedRate::parse("7/h").window == 1h);
    CHECK(AllowedRate::parse("10/200ms").window == 200ms);
    for (const char* text : {"", "50", "50/", "/s", "0/s", "-1/s", "5/0s", "5/d", "5/s ", "1.5/s", "5/25h",
                             "10000001/s", "5/99999999999s"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(AllowedRate::parse(text), Error);
    }
}

TEST_CASE("each way of counting is parsed with its options") {
    CHECK(AllowedRate::parse("fixed:40/8s").counting == Counting::fixed);
    CHECK(AllowedRate::parse("clock:40/8s").counting == Counting::clock);
    CHECK(AllowedRate::parse("counter:40/8s").counting == Counting::counter);
    CHECK(AllowedRate::parse("silence:40/8s").counting == Counting::silence);
    CHECK(AllowedRate::parse("sliding:40/8s,count-refused").counts_refused);
    const AllowedRate bucket = AllowedRate::parse("bucket:5/s,burst=40,step=2s");
    CHECK(bucket.counting == Counting::bucket);
    CHECK(bucket.burst == 40);
    CHECK(bucket.step == 2s);
    CHECK(AllowedRate::parse("bucket:5/s").burst == 5);
    const AllowedRate leaky = AllowedRate::parse("leaky:5/s,burst=10,delay=3");
    CHECK(leaky.burst == 10);
    CHECK(leaky.undelayed == 3);
    CHECK(AllowedRate::parse("leaky:5/s").burst == 0);
    CHECK(AllowedRate::parse("leaky:5/s,burst=10,nodelay").undelayed >= 10);
    for (const char* text :
         {"token:5/s", "fixed:", "fixed:5/s,burst=3", "bucket:5/s,burst=0", "bucket:5/s,delay=1", "leaky:5/s,step=1s",
          "bucket:5/s,burst=", "bucket:5/s,", "clock:5/s,count-refused", "bucket:1/24h,burst=10000000"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(AllowedRate::parse(text), Error);
    }
}
