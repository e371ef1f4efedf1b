#include "plait/cli/screen/status_signal.hpp"

#include "plait/base/assert.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

namespace plait::cli {

namespace {

// What the signal handler uses.
std::atomic<StatusSignal*> current = nullptr;

void handle(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGUSR1, &action, nullptr);
}

}  // namespace

StatusSignal::StatusSignal(batch::StatusRequest& request, std::function<void()> answer)
    : request_(request), in_the_loop_([&request] { request.answer_if_asked(); }) {
    PLAIT_ASSERT(!current, "there is one StatusSignal at a time");
    request_.set_answer(std::move(answer));
    current = this;
    handle(on_signal);
}

StatusSignal::~StatusSignal() {
    handle(SIG_IGN);  // not the default, which would end the program if the signal comes a moment too late
    current = nullptr;
    request_.set_answer({});
}

void StatusSignal::on_signal(int) noexcept {
    const int error_number = errno;
    StatusSignal& self = *current.load();
    self.request_.ask();
    self.in_the_loop_.call();
    errno = error_number;
}

}  // namespace plait::cli
