#pragma once

#include "plait/async/activity_scope.hpp"
#include "plait/async/byte_stream.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/h1/internal/h1_answer.hpp"
#include "plait/http/message/request.hpp"
#include "plait/http/transfer/internal/body_reader.hpp"
#include "plait/http/transfer/internal/exchange_record.hpp"
#include "plait/trace/activity.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// One request and its answer over an open connection. After a failure or a cancellation, the connection is useless.
class Exchange {
  public:
    /// All arguments must outlive the exchange. As long as it lives, the waits of the calling task are recorded as its
    /// own.
    Exchange(ByteStream& stream, const Request& request, const ExchangeBounds& bounds, ExchangeRecord& record);

    /// Sends `head` and the request's body, and receives the answer. An answer that is complete before the request is
    /// ends the sending, and an answer is read even if the sending failed. With `asks`, `head` asks whether the server
    /// wants the body: it is sent when the server says so or says nothing for a second, and not when it refuses. Throws
    /// `Error`. Call it once; the exchange must outlive the task.
    Task<void> run(std::string head, bool asks = false);

    /// Whether the server was asked, and said nothing.
    bool was_asked_in_vain() const noexcept { return was_asked_in_vain_; }

    /// Whether the answer is complete and the connection can carry another exchange.
    bool keep_alive() const { return is_sent() && answer_.keep_alive(); }
    /// How long the server says that it keeps the connection.
    std::optional<Duration> server_idle_limit() const { return answer_.keep_alive_timeout(); }

  private:
    enum class Direction { reading, writing };

    bool is_sent() const noexcept { return unsent_head_.empty() && unsent_body_.left() == 0; }
    bool send_some();
    std::optional<std::size_t> try_write(std::string_view bytes);
    bool send_head();
    Task<void> ask_for_permission();
    Task<void> receive_permission();
    Task<void> send_rest();
    bool receive_ready();
    bool receive_some();
    bool has_block() const noexcept;
    Task<void> ready_for(Direction direction);
    void enter(Phase phase);

    ByteStream& stream_;
    const Request& request_;
    const ExchangeBounds& bounds_;
    ExchangeRecord& record_;
    H1Answer answer_;
    std::string_view unsent_head_;
    BodyReader unsent_body_;
    std::exception_ptr send_failure_;  ///< of the stream
    std::exception_ptr body_failure_;  ///< of a file that can't be read: the answer is not worth waiting for
    bool was_asked_in_vain_ = false;
    CancelScope* reading_ = nullptr;  ///< around the wait for bytes, as long as it lasts
    TimePoint phase_start_;
    TimePoint last_byte_;
    ActivityScope doing_{trace::Activity::sending};
};

}  // namespace plait::http::internal
