// The command `plait` of a wheel. Its code is in the Python module, which stands in the folder above and which this
// program opens without Python (docs/design.md, Python).

#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <string>

namespace {

/// The folder of this program; empty if the system does not tell.
std::string own_folder() {
    char path[PATH_MAX];
    const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
    if (size <= 0 || size == sizeof path) return {};
    const std::string program(path, static_cast<std::size_t>(size));
    return program.substr(0, program.rfind('/'));
}

}  // namespace

int main(int argc, char** argv) {
    const std::string file = own_folder() + "/../" MODULE_FILE;
    void* const module = ::dlopen(file.c_str(), RTLD_NOW);
    void* const command = module ? ::dlsym(module, "plait_command") : nullptr;
    if (!command) {
        std::fprintf(stderr, "plait: %s\n", ::dlerror());
        return 2;
    }
    reinterpret_cast<void (*)(int, char**)>(command)(argc, argv);
}
