#pragma once

#include "plait/async/byte_stream.hpp"

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace plait::testing {

/// Options of a pair of memory streams.
struct MemoryStreamOptions {
    /// The most bytes on their way in each direction; beyond that, a writer waits.
    std::size_t capacity = 64 * 1024;
    /// The most bytes that one read returns; 1 splits everything as finely as possible.
    std::size_t largest_read = std::numeric_limits<std::size_t>::max();
};

/// One end of a connection in memory. What one end writes, the other reads.
class MemoryStream : public ByteStream {
  public:
    /// Resets the connection: reads of the other end throw `Error(reset)`, after the bytes on their way or, with
    /// `at_once`, instead of them.
    virtual void reset(bool at_once = false) = 0;

    /// Returns everything that this end has written so far.
    virtual const std::string& written() const noexcept = 0;
};

/// Makes two connected ends. Destroying one of them is a close: the other reads the end of the stream, and its writes
/// throw.
std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> memory_streams(
    MemoryStreamOptions options = {});

/// Writes `text`. `stream` outlives the task.
Task<void> write_text(ByteStream& stream, std::string text);

/// Reads up to `end`, and returns all of it, `end` included; or what came before the end of the stream. `stream`
/// outlives the task.
Task<std::string> read_until(ByteStream& stream, std::string end);

}  // namespace plait::testing
