#pragma once

#include "plait/base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace plait::trace {

/// What a span of work does at a moment: it runs, is ready to run, or waits for something.
enum class Activity : std::uint8_t {
    running,
    ready,       ///< it could run, but another one runs
    dns,         ///< the addresses of a host
    connect,     ///< a connection
    tls,         ///< an encrypted connection
    sending,     ///< room for the request
    first_byte,  ///< the first byte of the answer
    body,        ///< the rest of the answer
    permit,      ///< a permit to proceed
    back_off,    ///< the time of the next attempt
    worker,      ///< a thread or a process
    other,
};

inline constexpr std::size_t activity_count = 12;

/// The name of an activity, and its letter in trace files.
struct ActivityName {
    Activity activity;
    char letter;
    std::string_view name;
};

/// All of them, in their order.
extern const std::array<ActivityName, activity_count> activity_names;

std::string_view to_string(Activity activity) noexcept;
char letter_of(Activity activity) noexcept;

/// A stretch of time in which a span did one thing.
struct Segment {
    Activity activity = Activity::other;
    Duration length{};

    template <class Archive>
    void serialize(Archive& archive) {
        archive(activity, length);
    }

    friend bool operator==(const Segment&, const Segment&) = default;
};

}  // namespace plait::trace
