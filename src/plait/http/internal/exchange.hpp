#pragma once

#include "plait/async/activity_scope.hpp"
#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/body_memory.hpp"
#include "plait/http/internal/h1_answer.hpp"
#include "plait/http/limits.hpp"
#include "plait/http/request.hpp"
#include "plait/http/response.hpp"
#include "plait/trace/activity.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// What an exchange is doing. The phases follow each other.
enum class Phase { sending, waiting, receiving };

/// What an exchange may take.
struct ExchangeBounds {
    const Limits& limits;
    BodyMemory& body_memory;
    Duration idle_limit;  ///< the longest time in which no byte moves in either direction
    TimePoint deadline;   ///< the end of the attempt
};

/// What is known of an exchange at any time, also when it has failed.
struct ExchangeRecord {
    ExchangeRecord() noexcept {}

    std::optional<Phase> phase;  ///< none before it has begun
    bool any_byte_sent = false;  ///< whether the server may have seen anything of the request
    Response response;           ///< as far as it came
};

/// One request and its answer over an open connection. After a failure or a cancellation the connection is of no more
/// use.
class Exchange {
  public:
    /// All arguments must outlive the exchange. The calling task's waits are for the exchange from now on, as long as
    /// it lives.
    Exchange(ByteStream& stream, const Request& request, const ExchangeBounds& bounds, ExchangeRecord& record);

    /// Sends `head` and the request's body, and receives the answer. An answer that is whole before the request is sent
    /// ends the sending, and one that came is read although the sending failed. Throws `Error`. Called once; the
    /// exchange outlives the task.
    Task<void> run(std::string head);

    /// Whether the answer came whole and the connection may carry another exchange.
    bool keep_alive() const { return is_sent() && answer_.keep_alive(); }
    /// How long the server said that it keeps the connection.
    std::optional<Duration> server_idle_limit() const { return answer_.keep_alive_timeout(); }

  private:
    enum class Direction { reading, writing };

    bool is_sent() const noexcept { return unsent_head_.empty() && unsent_body_.empty(); }
    bool send_what_goes();
    bool write_what_goes(std::string_view& unsent);
    Task<void> send_rest();
    bool receive_what_came();
    bool receive_some();
    Task<void> ready_for(Direction direction);
    void enter(Phase phase);

    ByteStream& stream_;
    const Request& request_;
    const ExchangeBounds& bounds_;
    ExchangeRecord& record_;
    H1Answer answer_;
    std::string_view unsent_head_;
    std::string_view unsent_body_;
    std::exception_ptr send_failure_;
    TimePoint phase_start_;
    TimePoint last_byte_;
    ActivityScope doing_{trace::Activity::sending};
};

}  // namespace plait::http::internal
