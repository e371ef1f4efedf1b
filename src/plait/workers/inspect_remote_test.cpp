#include "plait/workers/inspect_remote.hpp"

#include "plait/async/coordination/event.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_name.hpp"
#include "plait/testing/async_test.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

using namespace plait;
using namespace std::chrono_literals;

namespace {

class SetEvent final : public RemoteCall {
  public:
    explicit SetEvent(Event& event) noexcept : event_(event) {}
    void arrive() noexcept override { event_.set(); }

  private:
    Event& event_;
};

/// A thread whose loop waits in a task `far away` until it is released.
class OtherThread {
  public:
    OtherThread() : thread_([this] { run(wait(*this)); }) { began_.acquire(); }
    OtherThread(const OtherThread&) = delete;
    OtherThread& operator=(const OtherThread&) = delete;
    ~OtherThread() {
        handle_->post(let_go_);
        thread_.join();
    }
    const LoopHandle& loop() const noexcept { return *handle_; }

  private:
    static Task<void> wait(OtherThread& self) {
        const TaskName name("far away");
        self.handle_ = EventLoop::current_handle();
        self.began_.release();
        co_await self.go_.wait();
    }

    std::optional<LoopHandle> handle_;
    Event go_;
    SetEvent let_go_{go_};
    std::binary_semaphore began_{0};
    std::thread thread_;
};

std::optional<LoopHandle> handle_of_ended_loop() {
    EventLoop loop;
    return loop.handle();
}

}  // namespace

ASYNC_TEST("loops of other threads report what their tasks wait for") {
    OtherThread one, two;
    std::vector<LoopHandle> both{one.loop(), two.loop()};
    const auto loops = co_await inspect(std::move(both), 1h);
    REQUIRE(loops.size() == 2);
    for (const LoopInfo& loop : loops) {
        REQUIRE(loop.tasks.size() == 1);
        CHECK(loop.tasks[0].name == "far away");
        CHECK(loop.tasks[0].state == trace::TaskState::waiting);
    }
}

ASYNC_TEST("a loop that has ended is left out") {
    OtherThread other;
    std::vector<LoopHandle> loops{*handle_of_ended_loop(), other.loop()};
    CHECK((co_await inspect(std::move(loops), 1h)).size() == 1);
}

TEST_CASE("a busy loop is waited for no longer than wanted, and its answer may come too late") {
    std::binary_semaphore begun{0}, kept{0};
    std::optional<LoopHandle> handle;
    auto keep = [](std::optional<LoopHandle>& mine, std::binary_semaphore& on,
                   std::binary_semaphore& off) -> Task<void> {
        mine = EventLoop::current_handle();
        on.release();
        off.acquire();
        co_await yield();
    };
    std::thread other([&] { run(keep(handle, begun, kept)); });
    begun.acquire();
    auto ask = [](LoopHandle loop) -> Task<std::size_t> {
        std::vector<LoopHandle> loops{std::move(loop)};
        const auto answers = co_await inspect(std::move(loops), 1ms);
        co_return answers.size();
    };
    CHECK(EventLoop().run(ask(*handle)) == 0);
    kept.release();
    other.join();
}

ASYNC_TEST("a loop can ask itself") {
    std::vector<LoopHandle> loops{EventLoop::current_handle()};
    const auto answers = co_await inspect(std::move(loops), 1h);
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].tasks.at(0).name == "main");
}
