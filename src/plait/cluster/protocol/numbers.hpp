#pragma once

#include "plait/base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

// The numbers of the protocol between the coordinator of a run and its workers (docs/cluster.md).
namespace plait::cluster {

/// The version of all that is below. Members with different numbers refuse each other.
inline constexpr std::uint8_t protocol_number = 2;

/// How often a member says that it is there.
inline constexpr Duration beat_interval = std::chrono::milliseconds(200);

/// A worker is lost when it was silent for this many of the coordinator's own beats, which come back to it through the
/// broker. Beats are counted, and not time, so that nobody is lost while the broker, or the way to it, is down.
inline constexpr std::uint64_t beats_until_lost = 25;

/// A call leaves a worker only this long after the sending of the last beat that the coordinator confirmed. Much
/// shorter than `beats_until_lost` beats.
inline constexpr Duration lease = std::chrono::seconds(1);

/// After this many beats that the other side does not seem to have heard, a member says so, once.
inline constexpr std::uint64_t beats_until_doubt = 10;

/// A worker that was silent for this long gets no new call.
inline constexpr Duration silence_until_stale = lease / 2;

/// A result is sent again this long after the last time, until the coordinator has stored it.
inline constexpr Duration resend_interval = std::chrono::seconds(1);

/// The most time between the permit of a call at the coordinator and its departure at a worker, beyond the fastest way
/// between them. The windows of limits are longer by this much, which costs as much of the pace. Measured on a loaded
/// machine: half of the calls take 0.2 ms, and 99 of 100 take 3 to 30 ms. One that takes longer gets another permit.
inline constexpr Duration departure_jitter = std::chrono::milliseconds(20);

/// A larger request or result travels in parts of this size, each when the receiver asks for it.
inline constexpr std::size_t part_bytes = std::size_t{256} * 1024;

/// The most calls of one worker at a time.
inline constexpr std::size_t most_slots = 10'000;

/// The most results that the coordinator fetches in parts at a time.
inline constexpr std::size_t most_fetches = 4;

/// A worker that holds more results of the present epoch than this, or more bytes of them, takes no new call before
/// some are stored.
inline constexpr std::size_t most_holds = 16'384;
inline constexpr std::size_t most_held_bytes = std::size_t{256} * 1024 * 1024;

/// The most bytes of names in one beat.
inline constexpr std::size_t most_name_bytes = std::size_t{128} * 1024;

/// This many stored results are told at once, without waiting for the next beat.
inline constexpr std::size_t stored_at_once = 256;

/// The largest request or result.
inline constexpr std::size_t most_text_bytes = std::size_t{256} * 1024 * 1024;

}  // namespace plait::cluster
