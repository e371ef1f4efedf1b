#include "plait/cli/signalled_call.hpp"

#include <utility>

namespace plait::cli {

SignalledCall::SignalledCall(std::function<void()> function)
    : loop_(EventLoop::current_handle()), message_(new Message(std::move(function))) {}

SignalledCall::~SignalledCall() {
    if (message_->is_on_its_way) {
        message_->is_left = true;
    } else {
        delete message_;
    }
}

void SignalledCall::call() noexcept {
    if (message_->is_on_its_way.exchange(true)) return;
    if (!loop_.post(*message_)) message_->is_on_its_way = false;
}

void SignalledCall::Message::arrive() noexcept {
    if (is_left) {
        delete this;
        return;
    }
    is_on_its_way = false;  // first: what is asked from now on may not be in the answer
    function();
}

}  // namespace plait::cli
