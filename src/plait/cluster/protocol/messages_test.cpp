#include "plait/cluster/protocol/messages.hpp"

#include "plait/base/error.hpp"
#include "plait/base/random.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace plait;
using namespace plait::cluster;

namespace {

std::vector<Message> one_of_each_kind() {
    CallOrder order;
    order.epoch = 3;
    order.seq = 4;
    order.number = 5;
    order.name = "call-1";
    order.sent = TimePoint(std::chrono::seconds(7));
    order.leave_within = std::chrono::milliseconds(50);
    order.request = Parcel("request");
    Beat beat;
    beat.instance = 9;
    beat.host = "host";
    beat.holds = {{{1, 2}, "call-1"}, {{3, 4}, ""}};
    Result large;
    large.text = Parcel(std::string(part_bytes + 1, 'x'));
    return {EpochNews{1, 2, "1.2.3"},
            Terms{1, "terms"},
            order,
            Ping{1, 2, 3, TimePoint()},
            Stored{{{1, 2}}},
            GiveUp{{{1, 2}, {1, 3}}},
            Close{1},
            OwnBeat{1, 2, 3},
            beat,
            large,
            Objection{1, "no"},
            PartRequest{1, {2, 3}, 4},
            Part{1, {2, 3}, 4, "part"}};
}

}  // namespace

TEST_CASE("a message of each kind is read as it was written") {
    const std::vector<Message> messages = one_of_each_kind();
    REQUIRE(messages.size() == std::variant_size_v<Message>);
    for (const Message& message : messages) {
        CAPTURE(message.index());
        const std::string text = encode(message);
        const Message read = decode(text);
        CHECK(read.index() == message.index());
        CHECK(encode(read) == text);
    }
}

TEST_CASE("a message that is cut anywhere, or followed by anything, is refused") {
    for (const Message& message : one_of_each_kind()) {
        CAPTURE(message.index());
        const std::string text = encode(message);
        for (std::size_t size = 0; size < text.size(); ++size) CHECK_THROWS_AS(decode(text.substr(0, size)), Error);
        CHECK_THROWS_AS(decode(text + '\0'), Error);
    }
}

TEST_CASE("bytes of other values are refused, or are another message") {
    Random random(1);
    for (const Message& message : one_of_each_kind()) {
        const std::string text = encode(message);
        for (int times = 0; times < 2000; ++times) {
            std::string changed = text;
            changed[random() % changed.size()] = static_cast<char>(random());
            try {
                const std::string again = encode(decode(changed));
                CHECK(again == changed);
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::protocol);
            }
        }
    }
}

TEST_CASE("a number of entries that the message has no room for takes no memory") {
    std::string text = encode(Stored{{{1, 2}}});
    text.replace(1, 8, "\xff\xff\xff\xff\xff\xff\xff\x0f");
    CHECK_THROWS_AS(decode(text), Error);
}

TEST_CASE("a text above the size of a part is only announced") {
    CHECK(Parcel(std::string(part_bytes, 'x')).is_whole());
    const Parcel large(std::string(part_bytes + 1, 'x'));
    CHECK_FALSE(large.is_whole());
    CHECK(large.text.empty());
    CHECK(large.size == part_bytes + 1);
}
