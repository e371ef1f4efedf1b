#include "plait/cluster/protocol/outbox.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

using namespace plait;
using namespace plait::cluster;

namespace {

/// What is in a bundle: the numbers of its messages.
std::vector<std::uint64_t> numbers_in(std::string_view bundle) {
    std::vector<std::uint64_t> numbers;
    while (const auto message = take_first(bundle)) {
        const auto* close = std::get_if<Close>(&*message);
        numbers.push_back(close ? close->epoch : std::get<Terms>(*message).epoch);
    }
    return numbers;
}

using Bundles = std::vector<std::vector<std::uint64_t>>;

}  // namespace

TEST_CASE("messages of one moment travel together, in their order") {
    Bundles sent;
    Outbox outbox([&sent](std::string_view bundle) { sent.push_back(numbers_in(bundle)); });
    outbox.flush();
    for (std::uint64_t number = 1; number <= 3; ++number) outbox.put(Close{number});
    CHECK(sent.empty());
    outbox.flush();
    outbox.put(Close{4});
    outbox.flush();
    outbox.flush();
    CHECK(sent == Bundles{{1, 2, 3}, {4}});
}

TEST_CASE("no bundle is larger than its bound but for one message, and the order is kept") {
    Bundles sent;
    std::vector<std::size_t> sizes;
    Outbox outbox([&](std::string_view bundle) {
        sizes.push_back(bundle.size());
        sent.push_back(numbers_in(bundle));
    });
    outbox.put(Close{1});
    outbox.put(Terms{2, std::string(Outbox::most_bytes - 100, 'x')});
    outbox.put(Terms{3, std::string(200, 'x')});
    outbox.put(Terms{4, std::string(2 * Outbox::most_bytes, 'x')});
    outbox.put(Close{5});
    outbox.flush();
    CHECK(sent == Bundles{{1, 2}, {3}, {4}, {5}});
    CHECK(sizes[0] <= Outbox::most_bytes);
}

TEST_CASE("a bundle that is cut anywhere is refused, after its whole messages") {
    std::string bundle;
    append(bundle, Close{1});
    const std::size_t first = bundle.size();
    append(bundle, Close{2});
    for (std::size_t size = 1; size < bundle.size(); ++size) {
        std::string_view rest = std::string_view(bundle).substr(0, size);
        if (size >= first) CHECK(take_first(rest));
        if (size != first) CHECK_THROWS_AS(take_first(rest), Error);
    }
}
