#include "plait/async/descriptor.hpp"

#include "plait/base/assert.hpp"

#include <fcntl.h>

#include <utility>

namespace plait {

Descriptor::Descriptor(UniqueFd fd) : fd_(std::move(fd)) {
    const int flags = ::fcntl(fd_.get(), F_GETFL);
    if (!(flags & O_NONBLOCK)) ::fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK);
}

Descriptor::~Descriptor() {
    PLAIT_ASSERT(!reader_ && !writer_, "a descriptor was closed while a task waits for it");
    if (poller_) poller_->remove(fd_.get());
}

bool Descriptor::is_watched() const noexcept { return poller_ && poller_ == internal::Scheduler::current().poller(); }

void Descriptor::attach() {
    const auto& current = internal::Scheduler::current().poller();
    if (poller_ == current) return;
    PLAIT_ASSERT(!reader_ && !writer_, "a descriptor moves to another loop while a task of the first waits for it");
    if (poller_) poller_->remove(fd_.get());
    poller_.reset();
    readable_ = writable_ = hung_up_ = false;  // the new poller reports at once what is ready
    current->add(fd_.get(), this);
    poller_ = current;
}

void Descriptor::on_ready(internal::Readiness readiness) noexcept {
    readable_ = readable_ || readiness.readable;
    writable_ = writable_ || readiness.writable;
    hung_up_ = hung_up_ || readiness.hung_up;
    auto& scheduler = internal::Scheduler::current();
    const auto wake = [&](internal::TaskRecord*& waiting) {
        if (!waiting) return;
        scheduler.descriptor_waits(-1);
        scheduler.make_ready(*std::exchange(waiting, nullptr));
    };
    if (readiness.readable) wake(reader_);
    if (readiness.writable) wake(writer_);
}

bool Descriptor::ReadyAwaiter::await_ready() {
    descriptor_->attach();
    const bool ready = for_reading_ ? descriptor_->may_be_readable() : descriptor_->writable_;
    return ready && internal::Scheduler::current().take_budget();
}

bool Descriptor::ReadyAwaiter::await_suspend(std::coroutine_handle<> resume_point) {
    auto& scheduler = internal::Scheduler::current();
    if (for_reading_ ? descriptor_->may_be_readable() : descriptor_->writable_) {
        scheduler.requeue(resume_point);
        return true;
    }
    PLAIT_ASSERT(!slot(), "two tasks wait for the same side of a descriptor");
    waited_ = true;
    if (!begin_wait(resume_point, wait_)) return false;
    scheduler.descriptor_waits(+1);
    slot() = &scheduler.running();
    return true;
}

void Descriptor::ReadyAwaiter::await_resume() const {
    if (waited_) end_wait();
}

bool Descriptor::ReadyAwaiter::give_up(internal::TaskRecord&) noexcept {
    slot() = nullptr;
    internal::Scheduler::current().descriptor_waits(-1);
    return true;
}

}  // namespace plait
