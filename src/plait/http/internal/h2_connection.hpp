#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/http/internal/h2_session.hpp"
#include "plait/http/internal/h2_stream.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/transfer/internal/exchange_record.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace plait::http::internal {

/// How a connection watches over its peer.
struct H2ConnectionOptions {
    H2SessionOptions session;
    /// With answers pending and no byte for this long, the server is asked for a sign of life (PING). A server may
    /// think in silence for as long as the attempt may take; one that is gone says nothing either.
    Duration ping_after = std::chrono::seconds(30);
    /// How long the server has for that sign. Some answer nothing while they compute.
    Duration ping_limit = std::chrono::seconds(60);
};

/// An HTTP/2 connection that many calls of one loop use at the same time.
///
/// It has no task of its own. One of the calls that wait for an answer reads for all of them; when it has its answer,
/// it hands this over to another one. So a connection without calls is as quiet as one of HTTP/1.1, and nothing
/// outlives the calls. What several calls send in one turn of the loop leaves in one write. A call writes the blocks of
/// its large body to its file by itself; when one falls behind, nothing is read for any of them until it has caught up.
class H2Connection {
  public:
    H2Connection(std::unique_ptr<ByteStream> stream, const H2ConnectionOptions& options, TimePoint now);
    H2Connection(const H2Connection&) = delete;
    H2Connection& operator=(const H2Connection&) = delete;
    /// Says goodbye to the server, if the stream takes that at once. No call may be on it.
    ~H2Connection();

    /// `tell` is called when there may be room for more calls, and when the connection has ended.
    void on_room(std::function<void()> tell) { on_room_ = std::move(tell); }

    /// Sends a request, and receives its answer. Only with `room`. Throws `Error`: the one of the stream, or `timeout`.
    /// Cancelling it resets the stream, and leaves the others alone. The terms, which name default headers, and the
    /// connection must outlive the task.
    Task<void> exchange(ExchangeTerms& terms);

    /// How many more streams may be opened now, if we want at most `most` at a time.
    std::size_t room(std::size_t most) const noexcept { return session_.room(most); }
    const H2Session& session() const noexcept { return session_; }

    /// Reads what has come since the last call, without waiting. False when the connection takes no new call. For a
    /// connection without calls.
    bool look();

    /// When the last byte came.
    TimePoint last_received() const noexcept { return last_received_; }

  private:
    class Call;

    void leave(Call& call);
    Task<void> read_for_all(Call& call);
    Task<void> write_block(Call& call);
    Task<void> wait_for_disk();
    void caught_up(const Call& call);
    Task<void> write_rest();
    void receive_ready();
    enum class Reads { as_written, all };
    void receive_now(Reads reads = Reads::as_written);
    void tell_writers();
    bool flush();
    bool write_all_now();
    void connection_failed(const Error& error);
    void say_goodbye();
    void wake_ended();
    void wake_next_reader();
    void watch_peer();
    TimePoint watch_until(const Call& call) const;

    const H2ConnectionOptions options_;
    const std::unique_ptr<ByteStream> stream_;
    H2Session session_;
    std::string unwritten_;  ///< output that the stream has not taken yet
    std::function<void()> on_room_;
    Call* reader_ = nullptr;
    CancelScope* reader_wait_ = nullptr;
    const Call* behind_ = nullptr;  ///< a call that receives its body faster than it is written
    Event caught_up_{trace::Wait::event};
    TimePoint last_received_;
    std::uint64_t received_ = 0;         ///< reads that brought something
    std::optional<TimePoint> pinged_{};  ///< when the server was asked for a sign of life, and has not given one
    bool may_have_more_ = false;         ///< the reading stopped to let others run
    const Call* flusher_ = nullptr;      ///< the call that writes for all when the others that are ready have run
    bool has_writer_ = false;
    bool has_ended_ = false;  ///< the stream of bytes
};

}  // namespace plait::http::internal
