#include "plait/workers/child_program.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/descriptor.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

extern char** environ;

namespace plait {

namespace {

constexpr std::size_t most_kept = 64 * 1024;

/// The settings a program starts with: a process group of its own, an empty standard input, and no signal that we
/// ignore or block.
class SpawnSettings {
  public:
    SpawnSettings(int output, ErrorOutput error_output) {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);
        if (error_output == ErrorOutput::kept) ::posix_spawn_file_actions_adddup2(&files_, output, STDERR_FILENO);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawnattr_setflags(&attributes_,
                                   POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        sigset_t signals;
        ::sigfillset(&signals);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawnattr_destroy(&attributes_);
        ::posix_spawn_file_actions_destroy(&files_);
    }

    /// Starts the program and returns its process id; throws as `run_program` does.
    pid_t spawn(const std::vector<std::string>& arguments) const {
        std::vector<char*> pointers;
        for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
        pointers.push_back(nullptr);
        pid_t pid = 0;
        const int error = ::posix_spawnp(&pid, pointers[0], &files_, &attributes_, pointers.data(), environ);
        if (error != 0) {
            throw Error(ErrorCode::bad_input, fmt::format("start {}: {}", arguments[0], system_message(error)));
        }
        return pid;
    }

  private:
    posix_spawn_file_actions_t files_;
    posix_spawnattr_t attributes_;
};

/// Owns the process and those that it started: none of them outlives this.
class ProcessGroup {
  public:
    explicit ProcessGroup(pid_t leader) : leader_(leader) {}
    ProcessGroup(const ProcessGroup&) = delete;
    ProcessGroup& operator=(const ProcessGroup&) = delete;
    ~ProcessGroup() { end(); }

    /// Kills what still runs, and returns how its leader ended.
    int end() {
        if (leader_ == 0) return 0;
        ::kill(-leader_, SIGKILL);
        int status = 0;
        while (::waitpid(leader_, &status, 0) < 0 && errno == EINTR) {
        }
        leader_ = 0;
        return status;
    }

  private:
    pid_t leader_;
};

/// Reads `pipe` to its end, and keeps the last part.
Task<void> read_all(Descriptor& pipe, EndedProgram& program) {
    std::string& text = program.said;
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t got = ::read(pipe.fd(), buffer.data(), buffer.size());
        if (got == 0) co_return;
        if (got > 0) {
            text.append(buffer.data(), static_cast<std::size_t>(got));
            if (text.size() <= 2 * most_kept) continue;
            text.erase(0, text.size() - most_kept);
            program.is_cut = true;
        } else if (errno == EAGAIN) {
            pipe.set_drained();
            co_await pipe.readable();
        } else if (errno != EINTR) {
            throw Error(ErrorCode::storage, "read from a program: " + system_message(errno));
        }
    }
}

/// Waits for the end of a process, which is then still to be reaped.
Task<void> end_of(pid_t pid) {
    UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!handle) throw Error(ErrorCode::storage, "watch a program: " + system_message(errno));
    Descriptor ended(std::move(handle));
    co_await ended.readable();
}

Task<void> follow(Descriptor& pipe, EndedProgram& program, pid_t pid) {
    co_await read_all(pipe, program);
    co_await end_of(pid);
}

}  // namespace

Task<EndedProgram> run_program(std::vector<std::string> arguments, Duration limit, ErrorOutput error_output) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(ErrorCode::storage, "make a pipe: " + system_message(errno));
    Descriptor ours{UniqueFd(ends[0])};
    UniqueFd theirs(ends[1]);
    const pid_t pid = SpawnSettings(theirs.get(), error_output).spawn(arguments);
    ProcessGroup group(pid);
    theirs.reset();

    const OutsideWork a_program_runs;
    EndedProgram ended;
    const bool in_time = co_await within(limit, follow(ours, ended, pid));
    if (!in_time) {
        const double seconds = std::chrono::duration<double>(limit).count();
        throw Error(ErrorCode::timeout, fmt::format("run {}: not done after {} s", arguments[0], seconds));
    }
    ended.wait_status = group.end();
    co_return ended;
}

}  // namespace plait
