#include "plait/workers/inspect_remote.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"

#include <memory>
#include <utility>

namespace plait {

namespace {

/// A question to one loop, and its answer. Shared by the task that asks, which may give up before the answer, and by
/// the message on its way.
class Enquiry {
  public:
    explicit Enquiry(LoopHandle asker) : asker_(std::move(asker)) {}

    static void send(const std::shared_ptr<Enquiry>& enquiry, const LoopHandle& loop) {
        enquiry->held_by_message_ = enquiry;
        if (!loop.post(enquiry->question_)) enquiry->answer_.arrive();
    }

    Event& answered() noexcept { return answered_; }
    std::vector<LoopInfo> take() { return std::move(loops_); }

  private:
    class Question final : public RemoteCall {
      public:
        explicit Question(Enquiry& enquiry) noexcept : enquiry_(enquiry) {}
        void arrive() noexcept override {
            enquiry_.loops_ = inspect_running_loops();
            // Once posted, the enquiry may be gone.
            if (!enquiry_.asker_.post(enquiry_.answer_)) enquiry_.held_by_message_.reset();
        }

      private:
        Enquiry& enquiry_;
    };
    class Answer final : public RemoteCall {
      public:
        explicit Answer(Enquiry& enquiry) noexcept : enquiry_(enquiry) {}
        void arrive() noexcept override {
            const auto held_until_told = std::move(enquiry_.held_by_message_);
            enquiry_.answered_.set();
        }

      private:
        Enquiry& enquiry_;
    };

    const LoopHandle asker_;
    Question question_{*this};
    Answer answer_{*this};
    Event answered_;
    std::vector<LoopInfo> loops_;
    std::shared_ptr<Enquiry> held_by_message_;
};

using Enquiries = std::vector<std::shared_ptr<Enquiry>>;

Task<void> wait_for_all(const Enquiries& enquiries) {
    for (const auto& enquiry : enquiries) co_await enquiry->answered().wait();
}

}  // namespace

Task<std::vector<LoopInfo>> inspect(std::vector<LoopHandle> loops, Duration patience) {
    const OutsideWork by_other_threads;
    Enquiries enquiries;
    for (const LoopHandle& loop : loops) {
        enquiries.push_back(std::make_shared<Enquiry>(EventLoop::current_handle()));
        Enquiry::send(enquiries.back(), loop);
    }
    co_await within(patience, wait_for_all(enquiries));
    std::vector<LoopInfo> infos;
    for (const auto& enquiry : enquiries) {
        // Not yet answered: what it holds belongs to the other thread.
        if (!enquiry->answered().is_set()) continue;
        for (LoopInfo& info : enquiry->take()) infos.push_back(std::move(info));
    }
    co_return infos;
}

}  // namespace plait
