#include "plait/cli/screen/signalled_call.hpp"

#include <utility>

namespace plait::cli {

SignalledCall::SignalledCall(std::function<void()> function)
    : loop_(EventLoop::current_handle()), message_(new Message(std::move(function))) {}

SignalledCall::~SignalledCall() {
    if (message_->is_pending) {
        message_->is_orphaned = true;
    } else {
        delete message_;
    }
}

void SignalledCall::call() noexcept {
    if (message_->is_pending.exchange(true)) return;
    if (!loop_.post(*message_)) message_->is_pending = false;
}

void SignalledCall::Message::arrive() noexcept {
    if (is_orphaned) {
        delete this;
        return;
    }
    is_pending = false;  // before the call: a later signal may ask about later events
    function();
}

}  // namespace plait::cli
