#pragma once

#include <cstddef>

namespace plait::http {

/// Limits on what a server may send. An answer that exceeds one fails with `ErrorCode::too_large`.
struct Limits {
    /// The status line and header fields of one answer, and of each interim answer. Servers in the wild stay below
    /// 16 KiB; common clients stop between 64 and 256 KiB.
    std::size_t header_bytes = 64 * 1024;

    /// Header fields of one answer. Looking one up is a linear search.
    std::size_t header_count = 256;

    /// The body, which is held in memory whole: as it comes, and when its content codings are undone.
    std::size_t body_bytes = 100 * 1024 * 1024;

    /// How many times its size a body may have when its content codings are undone, beyond
    /// `decoded_bytes_at_any_ratio`. A gzip or deflate body can't exceed 1032; brotli, zstd and several codings
    /// together have no such limit, so that a few bytes would cost much memory and time.
    std::size_t decoding_ratio = 1100;
    std::size_t decoded_bytes_at_any_ratio = 1024 * 1024;

    /// Interim answers (1xx) before the final one. A server may send some; without a limit it could send them for ever.
    std::size_t interim_responses = 16;

    /// The parts of a chunked body that are not its bytes: chunk extensions, which nobody reads, and trailer fields.
    std::size_t chunk_overhead_bytes = 16 * 1024;
};

}  // namespace plait::http
