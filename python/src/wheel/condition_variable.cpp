// For wheels. `std::condition_variable::wait` has a version of its own since GCC 12 (GLIBCXX_3.4.30), which the C++
// library of systems with glibc 2.34 lacks. The linker takes this function instead (`--wrap`), which does the same.

#include <pthread.h>

#include <condition_variable>
#include <mutex>

extern "C" void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(std::condition_variable* condition,
                                                                                 std::unique_lock<std::mutex>& lock) {
    ::pthread_cond_wait(condition->native_handle(), lock.mutex()->native_handle());
}
