#pragma once

#include "plait/async/byte_stream.hpp"

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace plait::testing {

/// How a pair of memory streams behaves.
struct MemoryStreamOptions {
    /// How many bytes lie between the two ends before a writer has to wait.
    std::size_t capacity = 64 * 1024;
    /// The most that one read gives; 1 makes the reader meet every split.
    std::size_t largest_read = std::numeric_limits<std::size_t>::max();
};

/// One end of a connection in memory. What one end writes, the other reads.
class MemoryStream : public ByteStream {
  public:
    /// From now on reads of the other end throw `Error(reset)`, once the bytes on their way are read or, with
    /// `at_once`, instead.
    virtual void reset(bool at_once = false) = 0;

    /// Everything that this end has written so far.
    virtual const std::string& written() const noexcept = 0;
};

/// Two connected ends. Destroying one end is a close: the other reads the end of the stream, and its writes throw.
std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> memory_streams(
    MemoryStreamOptions options = {});

/// Writes `text`. `stream` outlives the task.
Task<void> write_text(ByteStream& stream, std::string text);

/// Reads until `end` has come, and gives everything up to and with it; or what came when the stream ends before.
Task<std::string> read_until(ByteStream& stream, std::string end);

}  // namespace plait::testing
