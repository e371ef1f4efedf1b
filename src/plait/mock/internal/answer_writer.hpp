#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/incoming/request_reader.hpp"
#include "plait/mock/content/internal/answer.hpp"
#include "plait/mock/internal/delivery.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace plait::mock::internal {

/// Sends answers over connections: as they are, or as a fault delivers them. Outlives its tasks.
///
/// All connections share one, and its buffers: none waits while it uses them, so that a waiting connection holds none.
class AnswerWriter {
  public:
    /// `crash` ends the process (`Ending::crash`); null: by SIGKILL.
    explicit AnswerWriter(std::function<void()> crash) : crash_(std::move(crash)) {}

    Task<void> send(ByteStream& stream, const Answer& answer, const http::ReceivedRequest& request);
    /// Returns what happens to the connection then.
    Task<Ending> deliver(ByteStream& stream, Delivery delivery);
    /// Answers with this status what could not be read, and ends the connection.
    Task<void> refuse(ByteStream& stream, int status);

    static constexpr std::size_t block_size = 64 * 1024;

  private:
    Task<void> send_rest(ByteStream& stream, std::string rest, std::size_t fill);
    Task<void> drip(ByteStream& stream, std::string text, std::size_t fill, Duration per_byte);
    Task<void> discard(ByteStream& stream);
    void crash();

    const std::function<void()> crash_;
    std::array<std::byte, block_size> discarded_;
    std::string sent_;
};

}  // namespace plait::mock::internal
