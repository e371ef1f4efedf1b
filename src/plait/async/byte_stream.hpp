#pragma once

#include "plait/async/task.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace plait {

/// Bytes in two directions: a TCP connection, TLS over it, or a pair in memory.
///
/// One task reads and one task writes at a time. A task that is cancelled while it waits leaves the stream at an
/// unknown place: close it. Errors are thrown as `Error` (`reset`, `tls`), with the peer's name in the message.
/// `testing::check_byte_stream` checks this contract.
class ByteStream {
  public:
    virtual ~ByteStream() = default;

    /// Reads what is there into `bytes`. Returns how many bytes; 0 at the end of what the peer sends; nothing when
    /// there are none yet.
    virtual std::optional<std::size_t> try_read(std::span<std::byte> bytes) = 0;

    /// Writes what the stream takes now. Returns how many of `bytes`; nothing when it takes none yet. Those that were
    /// not taken are then written first. After a failure, `try_read` still returns what came before the peer closed.
    virtual std::optional<std::size_t> try_write(std::span<const std::byte> bytes) = 0;

    /// Waits until `try_read` may return something. May end too early.
    virtual Task<void> readable() = 0;

    /// Waits until `try_write` may take something. May end too early.
    virtual Task<void> writable() = 0;

    /// Whether the stream is as it should be between two exchanges: no byte waits to be read, and the peer has not
    /// closed. Asks the operating system.
    virtual bool is_quiet() = 0;

    /// The same, but it may miss what came since the loop last polled. Makes no system call when the loop watches the
    /// stream and has heard nothing.
    virtual bool seems_quiet() { return is_quiet(); }

    /// Tells the peer that nothing more will be written. Does not wait for it.
    virtual void close_write() noexcept = 0;

    /// Makes the close of the stream a reset: the peer reads an error instead of an end, and what is on its way may be
    /// lost. A stream that knows no reset is closed as usual.
    virtual void reset_at_close() noexcept {}
};

/// Waits for bytes and reads them. Returns how many; 0 at the end. `stream` and what `bytes` points to outlive the
/// task.
Task<std::size_t> read_some(ByteStream& stream, std::span<std::byte> bytes);

/// Writes all of `bytes`. `stream` and what `bytes` points to outlive the task.
Task<void> write_all(ByteStream& stream, std::span<const std::byte> bytes);

}  // namespace plait
