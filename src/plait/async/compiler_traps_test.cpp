// What g++ 12.2 gets wrong about coroutines, and the forms that are safe: each of these aborted or overflowed in the
// form that plait does not use. Aggregates and closures that own something, as temporaries in a co_await expression,
// are destroyed twice there; without optimisation or with sanitizers, symmetric transfer is not a tail call.

#include "plait/async/coordination/gather.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/testing/async_test.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

using namespace plait;

namespace {

const std::string long_text(100, 'x');

class Options {
  public:
    explicit Options(std::string text = {}, int number = 0) : text_(std::move(text)), number_(number) {}
    Options with_number(int number) && {
        number_ = number;
        return std::move(*this);
    }
    const std::string& text() const { return text_; }
    int number() const { return number_; }

  private:
    std::string text_;
    int number_;
};

Task<std::size_t> length(std::string text) { co_return text.size(); }
Task<std::size_t> length_of(Options options) {
    co_return options.text().size() + static_cast<std::size_t>(options.number());
}
Task<std::size_t> length_of_owned(std::unique_ptr<std::string> text) { co_return text->size(); }
Task<std::size_t> length_of_optional(std::optional<std::string> text) {
    co_await yield();
    co_return text->size();
}
Task<int> trivial(int value) { co_return value; }

Task<long> await_in_a_loop(long times) {
    long sum = 0;
    for (long i = 0; i < times; ++i) sum += co_await trivial(1);
    co_return sum;
}

Task<int> deep(int levels) {
    if (levels == 0) {
        co_await yield();
        co_return 0;
    }
    co_return 1 + co_await deep(levels - 1);
}

Task<void> append(std::string& to, std::string text) {
    co_await yield();
    to += text;
}

}  // namespace

ASYNC_TEST("temporaries with constructors live once in a co_await expression") {
    CHECK(co_await length(std::string(long_text)) == 100);
    CHECK(co_await length("a literal that is longer than the small string") == 46);
    CHECK(co_await length_of(Options(long_text, 3)) == 103);
    CHECK(co_await length_of(Options(long_text).with_number(4)) == 104);
    CHECK(co_await length_of_owned(std::make_unique<std::string>(long_text)) == 100);
    CHECK(co_await length_of_optional(std::optional<std::string>(long_text)) == 100);
}

ASYNC_TEST("a named closure that owns something can be a coroutine") {
    std::string owned = long_text;
    auto closure = [owned]() -> Task<std::size_t> {
        co_await yield();
        co_return owned.size();
    };
    CHECK(co_await closure() == 100);
}

ASYNC_TEST("a closure that is started outlives its coroutine") {
    std::size_t seen = 0;
    TaskGroup group;
    {
        std::string owned = long_text;
        group.start([owned, &seen]() -> Task<void> {
            co_await yield();
            seen = owned.size();
        });
    }
    co_await group.join();
    CHECK(seen == 100);
}

ASYNC_TEST("arguments of a started task live as long as the task") {
    std::string result;
    TaskGroup group;
    {
        std::string argument = long_text;
        group.start(append, std::ref(result), argument);
    }
    co_await group.join();
    CHECK(result == long_text);
}

ASYNC_TEST("awaits in conditions and conditional expressions happen once") {
    CHECK((co_await trivial(1) == 1 && co_await trivial(2) == 2));
    CHECK((co_await trivial(0) ? co_await length("longer than any small string") : co_await length("")) == 0);
}

ASYNC_TEST("a task chosen by a conditional expression is named before it is awaited") {
    for (const bool longer : {true, false}) {
        Task<std::size_t> chosen = longer ? length("longer than any small string") : length("");
        CHECK(co_await std::move(chosen) == (longer ? 28 : 0));
    }
}

ASYNC_TEST("ten million awaits that end at once need no stack") {
    CHECK(co_await await_in_a_loop(10'000'000) == 10'000'000);
}

ASYNC_TEST("a chain of awaits that waits at its end is as deep as it is written, and no deeper") {
    CHECK(co_await deep(1'000) == 1'000);
}
