#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/http/http2_server.hpp"
#include "plait/http/incoming/request_reader.hpp"
#include "plait/mock/internal/delivery.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>

namespace plait::mock::internal {

/// What happens after the answer to a request over HTTP/2.
struct StreamEnding {
    Ending ending = Ending::next_request;
    bool was_read = true;       ///< false: the request is refused as not processed
    bool needs_http_1 = false;  ///< refused so that the client sends it over HTTP/1.1
    bool is_goodbye = false;    ///< the connection takes no further request, this one included
};

/// The requests and answers of one HTTP/2 connection.
///
/// Each answer is written as in HTTP/1.1, to a stream that translates it, so that faults need no second form. A reset
/// becomes one of the stream; a close before the first byte ends the connection; a close within the answer ends it too
/// early.
class Http2Conversation {
  public:
    /// Answers a request: writes the answer to `stream`. Both outlive the task.
    using Answer = std::function<Task<StreamEnding>(ByteStream& stream, const http::ReceivedRequest& request)>;

    /// `stream` must outlive the conversation.
    Http2Conversation(ByteStream& stream, const http::Http2ServerOptions& options, Answer answer);

    /// Goes on until one side ends the connection. `received` are the bytes that have come.
    Task<void> run(std::string received);

  private:
    class Translation;

    Task<void> read(std::string received, TaskGroup& answers);
    Task<void> close(TaskGroup& writing);
    Task<void> answer(http::Http2Server::Request request);
    Task<void> write();
    void end(Translation& translation, const StreamEnding& ending, std::int32_t id);
    void wake_translations();

    ByteStream& stream_;
    http::Http2Server server_;
    Answer answer_;
    Event output_{trace::Wait::event};  ///< there may be bytes to send
    CancelScope* reading_ = nullptr;
    std::list<Translation*> translations_;
    std::string raw_;                        ///< bytes that are no HTTP, which are sent before the connection is closed
    std::int32_t last_stream_ = 0;           ///< the highest one that was read
    std::optional<std::int32_t> goodbye_{};  ///< the last one that is
    bool is_over_ = false;                   ///< the connection ends with `raw_`
    bool is_closing_ = false;                ///< no more is read, and no more answers are made
};

}  // namespace plait::mock::internal
