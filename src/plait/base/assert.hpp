#pragma once

namespace plait::internal {
/// Prints what was broken and where, then aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* message, const char* file, int line) noexcept;
}  // namespace plait::internal

/// Stops the program with `message` when `condition` does not hold. For bugs only; on in every build.
#define PLAIT_ASSERT(condition, message)    \
    (static_cast<bool>(condition) ? void(0) \
                                  : ::plait::internal::assertion_failed(#condition, message, __FILE__, __LINE__))
