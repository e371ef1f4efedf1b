#include "plait/doctor/machine.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/http/body/body_memory.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>

namespace plait::doctor {

namespace {

constexpr std::size_t block = 4096;

/// The steps of `try_disk`; each notes its failure, with the reason that the system gives.
class FileTrial {
  public:
    explicit FileTrial(DiskTrial& trial) : trial_(trial) {
        std::string path = trial.folder + "/.plait-doctor-XXXXXX";
        file_ = UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
        if (file_) {
            ::unlink(path.c_str());
        } else {
            fail("create a file");
        }
    }

    void run() {
        if (!trial_.failure.empty()) return;
        if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return fail("lock a file");
        if (!sync_several_times()) return;
        void* const map = ::mmap(nullptr, block, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
        trial_.has_shared_maps = map != MAP_FAILED;
        if (map != MAP_FAILED) ::munmap(map, block);
    }

  private:
    bool sync_several_times() {
        const std::string text(block, '\n');
        std::array<Duration, 5> times{};
        for (Duration& time : times) {
            if (::write(file_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
                fail("write a file");
                return false;
            }
            const TimePoint begin = SteadyClock::instance().now();
            if (::fdatasync(file_.get()) != 0) {
                fail("bring a file to the disk");
                return false;
            }
            time = SteadyClock::instance().now() - begin;
        }
        std::sort(times.begin(), times.end());
        trial_.sync = times[times.size() / 2];
        return true;
    }

    void fail(std::string_view step) { trial_.failure = std::string(step) + ": " + system_message(errno); }

    DiskTrial& trial_;
    UniqueFd file_;
};

std::string folder_of(const std::string& file) {
    const std::string folder = std::filesystem::path(file).parent_path().string();
    return folder.empty() ? "." : folder;
}

/// Why a run can't write on in this file; empty: it can, or there is none yet.
std::string failure_of_file(const std::string& path) {
    struct stat status {};
    if (path.empty() || ::stat(path.c_str(), &status) != 0) return {};
    if (S_ISDIR(status.st_mode)) return path + " is a folder";
    if (!S_ISREG(status.st_mode)) return {};  // opening a pipe would wait for its reader
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    return file ? "" : "open " + path + ": " + system_message(errno);
}

}  // namespace

batch::DescriptorLimits ThisMachine::descriptors() const { return batch::descriptor_limits(); }

std::optional<std::string> ThisMachine::text_of(const std::string& path) const {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::size_t ThisMachine::processors() const { return std::max(1U, std::thread::hardware_concurrency()); }

std::size_t ThisMachine::body_memory() const { return http::default_body_memory(); }

bool ThisMachine::has_nanosecond_waits() const {
    // A descriptor that is none: a kernel or sandbox without the call says something else.
    return ::syscall(SYS_epoll_pwait2, -1, nullptr, 1, nullptr, nullptr, std::size_t{0}) < 0 &&
           (errno == EBADF || errno == EFAULT || errno == EINVAL);
}

net::SystemTrust ThisMachine::trust() const { return net::system_trust(); }

std::size_t ThisMachine::certificates_in(const std::string& file) const { return net::certificates_in(file); }

DiskTrial ThisMachine::try_disk(const std::string& output) const {
    const std::string folder = folder_of(output);
    DiskTrial trial;
    trial.folder = folder;
    struct stat status {};
    trial.has_folder = ::stat(folder.c_str(), &status) == 0 || errno != ENOENT;
    if (!trial.has_folder) return trial;
    struct statvfs room {};
    if (::statvfs(folder.c_str(), &room) == 0) {
        trial.free_bytes = std::uint64_t{room.f_bavail} * room.f_frsize;
        if (room.f_files > 0) trial.free_files = room.f_favail;
    }
    struct statfs kind {};
    if (::statfs(folder.c_str(), &kind) == 0)
        trial.is_memory = kind.f_type == TMPFS_MAGIC || kind.f_type == RAMFS_MAGIC;
    trial.failure = failure_of_file(output);
    if (trial.failure.empty()) FileTrial(trial).run();
    return trial;
}

}  // namespace plait::doctor
