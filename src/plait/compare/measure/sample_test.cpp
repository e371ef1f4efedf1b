#include "plait/compare/measure/sample.hpp"

#include "plait/http/message/url.hpp"
#include "plait/testing/async_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

using namespace plait;
using namespace plait::compare;

namespace {

batch::Call call(std::uint64_t line, std::string id = {}, const char* method = "GET") {
    return batch::Call(id.empty() ? fmt::format("line-{}", line) : std::move(id), line,
                       http::Request(method, http::Url("http://a.example/")));
}

std::vector<std::uint64_t> lines_of(const std::vector<batch::Call>& calls) {
    std::vector<std::uint64_t> lines;
    for (const batch::Call& each : calls) lines.push_back(each.line);
    return lines;
}

std::vector<std::uint64_t> chosen(std::size_t wanted, std::uint64_t count) {
    Sampler sampler(wanted);
    for (std::uint64_t line = 1; line <= count; ++line) sampler.show(call(line));
    return lines_of(sampler.take());
}

class ListSource final : public batch::Source {
  public:
    explicit ListSource(std::deque<batch::SourceItem> items) : items_(std::move(items)) {}

    Task<std::optional<batch::SourceItem>> next() override {
        if (items_.empty()) co_return std::nullopt;
        batch::SourceItem item = std::move(items_.front());
        items_.pop_front();
        co_return item;
    }
    std::optional<std::uint64_t> total() override { return std::nullopt; }

  private:
    std::deque<batch::SourceItem> items_;
};

}  // namespace

TEST_CASE("a sample of a short input is all of it") {
    CHECK(chosen(4, 0).empty());
    CHECK(chosen(4, 3) == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(chosen(4, 4) == std::vector<std::uint64_t>{1, 2, 3, 4});
}

TEST_CASE("a sample has the wanted size for any length of the input") {
    for (std::uint64_t count = 5; count < 300; ++count) {
        const auto lines = chosen(5, count);
        REQUIRE(lines.size() == 5);
        CHECK(std::is_sorted(lines.begin(), lines.end()));
        CHECK(std::adjacent_find(lines.begin(), lines.end()) == lines.end());
    }
    CHECK(chosen(1, 1000).size() == 1);
}

TEST_CASE("a sample is spread evenly over the input") {
    for (const std::uint64_t count : {7u, 64u, 99u, 1000u, 12345u}) {
        const std::size_t wanted = 6;
        auto lines = chosen(wanted, count);
        lines.push_back(count + 1);
        const double even = static_cast<double>(count) / static_cast<double>(wanted);
        for (std::size_t n = 0; n < wanted; ++n) {
            CAPTURE(count);
            CHECK(static_cast<double>(lines[n + 1] - lines[n]) <= 3 * even + 1);
        }
    }
}

TEST_CASE("a sample of kinds that alternate has all of them, and is the same each time") {
    for (const std::uint64_t period : {2u, 4u, 8u}) {
        for (const std::uint64_t count : {200u, 1000u, 1024u, 12800u}) {
            CAPTURE(period);
            CAPTURE(count);
            const auto lines = chosen(100, count);
            CHECK(lines == chosen(100, count));
            for (std::uint64_t kind = 0; kind < period; ++kind) {
                const auto of_kind = std::count_if(lines.begin(), lines.end(),
                                                   [&](std::uint64_t line) { return line % period == kind; });
                CHECK(static_cast<double>(of_kind) > 30.0 / static_cast<double>(period));
            }
        }
    }
}

ASYNC_TEST("bad lines are left out of a sample and counted") {
    std::deque<batch::SourceItem> items;
    items.emplace_back(call(1));
    items.emplace_back(batch::BadLine("line-2", 2, "line 2: not JSON"));
    items.emplace_back(batch::BadLine("line-3", 3, "line 3: no url"));
    items.emplace_back(call(4));
    ListSource source(std::move(items));
    const Sample sample = co_await read_sample(source, 10);
    CHECK(lines_of(sample.calls) == std::vector<std::uint64_t>{1, 4});
    CHECK(sample.left_out == 2);
    CHECK(sample.first_left_out == "line 2: not JSON");
}

ASYNC_TEST("two chosen calls with the same id: the second is left out") {
    std::deque<batch::SourceItem> items;
    items.emplace_back(call(1, "same"));
    items.emplace_back(call(2, "same"));
    ListSource source(std::move(items));
    const Sample sample = co_await read_sample(source, 10);
    CHECK(lines_of(sample.calls) == std::vector<std::uint64_t>{1});
    CHECK(sample.left_out == 1);
    CHECK(sample.first_left_out.find("same") != std::string::npos);
}

TEST_CASE("a method that only reads is safe to send several times") {
    std::vector<batch::Call> calls;
    for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "get"}) calls.push_back(call(1, "a", method));
    CHECK(count_unsafe(calls) == 0);
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "PURGE"}) {
        calls.push_back(call(1, "a", method));
    }
    CHECK(count_unsafe(calls) == 5);
}
