#include "plait/workers/internal/fork_server.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace plait::internal {

namespace {

struct Command {
    enum class Kind : std::uint8_t { start, kill, stop };
    Kind kind;
    WorkerId worker = 0;
};

constexpr int milliseconds_to_end = 1000;

std::ptrdiff_t thread_count() {
#if defined(__SANITIZE_THREAD__)
    return 1;  // the sanitizer has a thread of its own
#else
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
#endif
}

/// Returns the number of threads, 1 if the others are about to be gone: the kernel still counts a thread for a moment
/// after it was joined.
std::ptrdiff_t thread_count_at_rest() {
    constexpr int step_ms = 1;
    constexpr int most_steps = 100;
    std::ptrdiff_t count = thread_count();
    for (int steps = 0; count > 1 && steps < most_steps; ++steps) {
        ::poll(nullptr, 0, step_ms);
        count = thread_count();
    }
    return count;
}

/// Closes all descriptors but standard input, output and error and `kept`.
void close_all_but(int kept) {
    ::syscall(SYS_close_range, 3U, static_cast<unsigned>(kept) - 1U, 0U);
    ::syscall(SYS_close_range, static_cast<unsigned>(kept) + 1U, ~0U, 0U);
}

/// The program decides when its processes end: signals that the terminal or the system sends to all of them at once are
/// for it alone.
void ignore_requests_to_end() {
    for (const int request : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) ::signal(request, SIG_IGN);
}

void forget_signal_handlers() {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void read_nothing_from_the_terminal() {
    const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ::dup2(nothing.get(), STDIN_FILENO);
}

/// The server's own side, in its process.
class ForkServerProcess {
  public:
    ForkServerProcess(UniqueFd control, const WorkerSetup& setup) : control_(std::move(control)), setup_(setup) {
        sigset_t deaths;
        ::sigemptyset(&deaths);
        ::sigaddset(&deaths, SIGCHLD);
        ::sigprocmask(SIG_BLOCK, &deaths, nullptr);
        deaths_ = UniqueFd(::signalfd(-1, &deaths, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    /// Serves until it is asked to stop or the program has ended, and the workers have ended, too.
    void run() {
        while (!stopping_) {
            wait_for(-1);
        }
        while (!workers_.empty()) {
            if (!wait_for(milliseconds_to_end)) kill_all();
        }
    }

  private:
    struct Worker {
        WorkerId id;
        pid_t pid;
        // Kept open so that it shows its end only after the death was reported.
        UniqueFd socket;
    };

    bool wait_for(int milliseconds) {
        pollfd sources[2] = {{deaths_.get(), POLLIN, 0}, {control_.get(), POLLIN, 0}};
        const int ready = ::poll(sources, stopping_ ? 1 : 2, milliseconds);
        if (ready <= 0) return ready < 0;  // a signal is no time-out
        if (sources[0].revents) reap();
        if (!stopping_ && sources[1].revents) obey();
        return true;
    }

    void obey() {
        Command command{};
        UniqueFd socket;
        const auto received =
            reader_.receive_packet(control_.get(), reinterpret_cast<char*>(&command), sizeof command, socket);
        if (received == Received::end) {
            stopping_ = true;
            kill_all();
        } else if (command.kind == Command::Kind::start) {
            start(command.worker, std::move(socket));
        } else if (command.kind == Command::Kind::kill) {
            for (const Worker& worker : workers_) {
                if (worker.id == command.worker) ::kill(worker.pid, SIGKILL);
            }
        } else {
            stopping_ = true;
        }
    }

    void start(WorkerId id, UniqueFd socket) {
        const pid_t server = ::getpid();
        const pid_t pid = ::fork();
        if (pid == 0) become_worker(socket, server);
        if (pid < 0) {
            tell_death({id, 0, errno}, socket);
        } else {
            workers_.push_back({id, pid, std::move(socket)});
        }
    }

    [[noreturn]] void become_worker(const UniqueFd& socket, pid_t server) const {
        ::prctl(PR_SET_NAME, "plait-worker");
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != server) ::_exit(EXIT_FAILURE);  // the server ended before that call
        close_all_but(socket.get());
        forget_signal_handlers();
        ignore_requests_to_end();
        be_worker(socket, setup_);
    }

    void reap() {
        signalfd_siginfo told;
        while (::read(deaths_.get(), &told, sizeof told) > 0) {
        }
        int status = 0;
        for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            const auto worker =
                std::find_if(workers_.begin(), workers_.end(), [&](const Worker& each) { return each.pid == pid; });
            if (worker == workers_.end()) continue;
            tell_death({worker->id, pid, status}, worker->socket);
            workers_.erase(worker);
        }
    }

    void tell_death(const WorkerDeath& death, const UniqueFd& socket) {
        send_packet(control_.get(), bytes_of(death));
        ::shutdown(socket.get(), SHUT_RDWR);
    }

    void kill_all() {
        for (const Worker& worker : workers_) ::kill(worker.pid, SIGKILL);
    }

    UniqueFd control_;
    WorkerSetup setup_;
    UniqueFd deaths_;
    PacketReader reader_;
    std::vector<Worker> workers_;
    bool stopping_ = false;
};

[[noreturn]] void be_fork_server(UniqueFd control, const WorkerSetup& setup) {
    ::prctl(PR_SET_NAME, "plait-forker");
    leave_loops_of_parent();
    close_all_but(control.get());
    read_nothing_from_the_terminal();
    forget_signal_handlers();
    ignore_requests_to_end();
    try {
        ForkServerProcess(std::move(control), setup).run();
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "plait: the fork server ends: %s\n", exception.what());
        ::_exit(EXIT_FAILURE);
    }
    ::_exit(EXIT_SUCCESS);
}

[[noreturn]] void fail_without_server() {
    throw Error(ErrorCode::worker_died, "start a worker process: the pool's fork server has ended; make a new pool");
}

}  // namespace

ForkServer::ForkServer(const WorkerSetup& setup) {
    if (const auto threads = thread_count_at_rest(); threads > 1) {
        throw Error(ErrorCode::bad_input,
                    "make a process pool: the process has " + std::to_string(threads) +
                        " threads, and forking is safe with one only: make the pool before the first thread");
    }
    auto [ours, theirs] = packet_sockets();
    std::fflush(nullptr);  // or each process would print the buffered output again
    pid_ = ::fork();
    if (pid_ < 0) throw Error(ErrorCode::storage, "make a process pool: fork: " + system_message(errno));
    if (pid_ == 0) be_fork_server(std::move(theirs), setup);
    control_ = std::move(ours);
}

ForkServer::~ForkServer() {
    try {
        send_packet(control_.get(), bytes_of(Command{Command::Kind::stop}));
    } catch (const Error&) {
        // The server has ended already, or will see the end of the socket.
    }
    control_.reset();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

ForkServer::Worker ForkServer::start_worker() {
    collect_deaths();
    auto [ours, theirs] = packet_sockets();
    const Command command{Command::Kind::start, ++last_id_};
    if (!send_packet(control_.get(), bytes_of(command), {}, theirs.get())) fail_without_server();
    asked_about_.insert(command.worker);
    return {command.worker, std::move(ours)};
}

void ForkServer::kill_worker(WorkerId worker) noexcept {
    forget_worker(worker);
    try {
        collect_deaths();
        send_packet(control_.get(), bytes_of(Command{Command::Kind::kill, worker}));
    } catch (const std::exception&) {
        // Without its server no worker lives.
    }
}

WorkerDeath ForkServer::death_of(WorkerId worker) {
    collect_deaths();
    const auto death = deaths_.extract(worker);
    asked_about_.erase(worker);
    if (!death) fail_without_server();
    return death.mapped();
}

// The server reports a death before the worker's socket shows its end, so this never waits for one. It is called often,
// so that the server never has to wait, either.
void ForkServer::collect_deaths() {
    WorkerDeath death;
    UniqueFd nothing;
    for (;;) {
        pollfd control{control_.get(), POLLIN, 0};
        if (::poll(&control, 1, 0) <= 0) return;
        if (reader_.receive_packet(control_.get(), reinterpret_cast<char*>(&death), sizeof death, nothing) !=
            Received::message)
            return;
        if (asked_about_.contains(death.worker)) deaths_.emplace(death.worker, death);
    }
}

}  // namespace plait::internal
