#include "plait/async/debug.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace plait {

DebugOptions::DebugOptions()
    : warn([](std::string_view line) {
          // On a terminal, a status line may be on the current row.
          const std::string text = fmt::format("{}plait: {}\n", ::isatty(STDERR_FILENO) == 1 ? "\r\x1b[K" : "", line);
          std::fwrite(text.data(), 1, text.size(), stderr);
      }) {}

const DebugOptions* debug_of_environment() {
    static const bool wanted = [] {
        const char* const value = std::getenv("PLAIT_DEBUG");
        return value && *value != '\0' && std::string_view(value) != "0";
    }();
    static const DebugOptions options;
    return wanted ? &options : nullptr;
}

}  // namespace plait
