// Preloaded into a program (LD_PRELOAD), this makes the machine look like another one:
//
//     PLAIT_PROCESSORS=64       std::thread, nproc, Python and node see this many processors
//     PLAIT_SHARED_MAPS=none    no file can be mapped into shared memory, as on some network and FUSE file systems
//
// It is not linked with the C++ library, because it is loaded before that in every program.
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

namespace {

/// Returns the number to report; 0: the real one.
int processors() noexcept {
    const char* const text = ::getenv("PLAIT_PROCESSORS");
    return text ? ::atoi(text) : 0;
}

template <class Function>
Function* real(const char* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool shared_maps_fail() noexcept {
    const char* const text = ::getenv("PLAIT_SHARED_MAPS");
    return text && ::strcmp(text, "none") == 0;
}

void* map(void* address, size_t size, int protection, int flags, int file, off_t offset) noexcept {
    const int type = flags & MAP_TYPE;
    if (file >= 0 && (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) && shared_maps_fail()) {
        errno = ENODEV;
        return MAP_FAILED;
    }
    static const auto real_map = real<decltype(::mmap)>("mmap");
    return real_map(address, size, protection, flags, file, offset);
}

}  // namespace

extern "C" {

// std::thread::hardware_concurrency() calls this one.
int get_nprocs() noexcept {
    const int wanted = processors();
    return wanted > 0 ? wanted : real<decltype(::get_nprocs)>("get_nprocs")();
}

int get_nprocs_conf() noexcept {
    const int wanted = processors();
    return wanted > 0 ? wanted : real<decltype(::get_nprocs_conf)>("get_nprocs_conf")();
}

long sysconf(int name) noexcept {
    if ((name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF) && processors() > 0) return processors();
    static const auto real_sysconf = real<decltype(::sysconf)>("sysconf");
    return real_sysconf(name);
}

int sched_getaffinity(pid_t process, size_t size, cpu_set_t* set) noexcept {
    const int wanted = processors();
    if (wanted == 0) return real<decltype(::sched_getaffinity)>("sched_getaffinity")(process, size, set);
    if (static_cast<size_t>(wanted) > 8 * size) {
        errno = EINVAL;
        return -1;
    }
    CPU_ZERO_S(size, set);
    for (int processor = 0; processor < wanted; ++processor) CPU_SET_S(processor, size, set);
    return 0;
}

void* mmap(void* address, size_t size, int protection, int flags, int file, off_t offset) noexcept {
    return map(address, size, protection, flags, file, offset);
}

void* mmap64(void* address, size_t size, int protection, int flags, int file, off64_t offset) noexcept {
    return map(address, size, protection, flags, file, offset);
}

}  // extern "C"
