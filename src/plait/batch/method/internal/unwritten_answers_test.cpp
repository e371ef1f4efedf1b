#include "plait/batch/method/internal/unwritten_answers.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace plait;
using plait::batch::internal::UnwrittenAnswers;

namespace {

constexpr cluster::Instance one = 1;
constexpr cluster::Instance other = 2;

/// The answer of a worker to its call with this number.
cluster::Dispatch answer(cluster::Instance worker, std::uint64_t number) { return {worker, {1, number}}; }

std::vector<std::uint64_t> numbers_of(const std::vector<cluster::Dispatch>& answers) {
    std::vector<std::uint64_t> numbers;
    for (const cluster::Dispatch& one_of_them : answers) numbers.push_back(one_of_them.call.number);
    return numbers;
}

}  // namespace

TEST_CASE("an answer is held until its result is written, or until its call is answered again") {
    UnwrittenAnswers answers;
    CHECK(answers.add(1, answer(one, 10), 5).empty());
    CHECK(answers.add(2, answer(one, 11), 5).empty());
    CHECK(numbers_of(answers.add(1, answer(other, 12), 5)) == std::vector<std::uint64_t>{10});
    REQUIRE(answers.remove(1));
    CHECK_FALSE(answers.remove(1));
    CHECK(answers.remove(2)->call.number == 11);
}

TEST_CASE("a worker that holds too many bytes may forget the oldest answers, and others hold theirs") {
    UnwrittenAnswers answers;
    constexpr std::size_t third = UnwrittenAnswers::most_bytes / 3;
    CHECK(answers.add(9, answer(other, 1), UnwrittenAnswers::most_bytes).empty());
    for (std::uint64_t line = 1; line <= 3; ++line) CHECK(answers.add(line, answer(one, 10 + line), third).empty());
    CHECK(numbers_of(answers.add(4, answer(one, 14), 2 * third)) == std::vector<std::uint64_t>{11, 12});
    CHECK_FALSE(answers.remove(1));
    CHECK(answers.remove(3));
    CHECK(answers.remove(9));
}

TEST_CASE("one answer is held, however large it is") {
    UnwrittenAnswers answers;
    CHECK(answers.add(1, answer(one, 1), 2 * UnwrittenAnswers::most_bytes).empty());
    CHECK(numbers_of(answers.add(2, answer(one, 2), 1)) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a worker that holds too many answers may forget the oldest") {
    UnwrittenAnswers answers;
    for (std::uint64_t line = 0; line < UnwrittenAnswers::most_answers; ++line)
        CHECK(answers.add(line, answer(one, line), 1).empty());
    CHECK(numbers_of(answers.add(99'999, answer(one, 99'999), 1)) == std::vector<std::uint64_t>{0});
}
