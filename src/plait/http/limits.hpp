#pragma once

#include <cstddef>

namespace plait::http {

/// Bounds on what a server may send. Whoever sends more fails the call with `too_large`.
struct Limits {
    /// The status line and the header fields of one answer, and of each interim one. Servers in the wild stay below 16
    /// KiB and common clients stop between 64 and 256 KiB.
    std::size_t header_bytes = 64 * 1024;

    /// Header fields of one answer: finding one is a linear search.
    std::size_t header_count = 256;

    /// The body. It is held in memory whole.
    std::size_t body_bytes = 100 * 1024 * 1024;

    /// Answers 1xx before the real one. A server may send some; one that never stops would keep the call for ever.
    std::size_t interim_responses = 16;

    /// What a chunked body has beside its bytes: chunk extensions, which nobody reads, and the fields after the last
    /// chunk.
    std::size_t chunk_overhead_bytes = 16 * 1024;
};

}  // namespace plait::http
