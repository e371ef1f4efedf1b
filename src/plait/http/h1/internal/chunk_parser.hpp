#pragma once

#include "plait/http/message/headers.hpp"
#include "plait/http/transfer/internal/body_receiver.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace plait::http::internal {

/// Parses a body that comes in chunks (RFC 9112, section 7.1).
class ChunkParser {
  public:
    /// `overhead_limit` bounds the bytes of extensions and trailers, and of a line that is not finished yet.
    explicit ChunkParser(std::size_t overhead_limit) noexcept : overhead_limit_(overhead_limit) {}

    /// Parses the next part: a size, bytes of a chunk, which go to `body`, their end, or all trailers, which go to
    /// `trailers`. Returns the number of bytes parsed; none: the part is incomplete, and must come again with more
    /// behind it. Throws `Error` with `protocol` or `too_large`, and what `body` throws.
    std::size_t put(std::string_view bytes, BodyReceiver& body, Headers& trailers);

    bool is_done() const noexcept { return next_ == Part::nothing; }

  private:
    enum class Part { size, chunk, chunk_end, trailers, nothing };

    std::size_t put_size(std::string_view bytes);
    std::size_t put_chunk(std::string_view bytes, BodyReceiver& body);
    std::size_t put_chunk_end(std::string_view bytes);
    std::size_t put_trailers(std::string_view bytes, Headers& trailers);
    void check_overhead(std::size_t bytes) const;

    const std::size_t overhead_limit_;
    std::size_t overhead_ = 0;   ///< of extensions
    std::uint64_t missing_ = 0;  ///< of the chunk
    Part next_ = Part::size;
};

}  // namespace plait::http::internal
