#include "plait/cli/screen/interrupts.hpp"

#include "plait/base/assert.hpp"
#include "plait/cli/screen/exit_code.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <utility>

namespace plait::cli {

namespace {

// What the signal handler uses.
std::atomic<Interrupts*> current = nullptr;
std::atomic<int> signals = 0;

bool is_ignored(int number) {
    struct sigaction action {};
    return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void handle(std::initializer_list<int> numbers, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    for (const int number : numbers) ::sigaction(number, &action, nullptr);
}

void end_at_once(int) { ::_exit(exit_stopped); }

}  // namespace

Interrupts::Interrupts(std::function<void()> on_interrupt, batch::StopRequest* stop)
    : stop_(stop), first_(on_interrupt), second_(std::move(on_interrupt)), heeds_hangup_(!is_ignored(SIGHUP)) {
    PLAIT_ASSERT(!current, "there is one Interrupts at a time");
    signals = 0;
    current = this;
    handle({SIGINT, SIGTERM}, on_signal);
    if (heeds_hangup_) handle({SIGHUP}, on_signal);
}

Interrupts::~Interrupts() {
    handle({SIGINT, SIGTERM}, signals > 0 ? end_at_once : SIG_DFL);
    if (heeds_hangup_) handle({SIGHUP}, signals > 0 ? SIG_IGN : SIG_DFL);
    current = nullptr;
}

void Interrupts::on_signal(int number) noexcept {
    // A closing terminal sends SIGHUP twice: from the shell, and from the kernel once the shell has ended.
    if (number == SIGHUP && signals > 0) return;
    const int error_number = errno;
    const int signal = ++signals;
    if (signal > 2) end_at_once(number);
    Interrupts& self = *current.load();
    if (self.stop_) self.stop_->ask();
    (signal == 1 ? self.first_ : self.second_).call();
    errno = error_number;
}

}  // namespace plait::cli
