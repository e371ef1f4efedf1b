#include "plait/mock/internal/http2_conversation.hpp"

#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace plait::mock::internal {

namespace {

using http::Http2Server;

constexpr std::size_t block_size = 64 * 1024;

/// How long the client may take to close after the server has.
constexpr Duration linger = std::chrono::seconds(1);

/// Fields of one HTTP/1.1 connection, which HTTP/2 has not (RFC 9113, section 8.2.2).
bool is_for_connection(std::string_view name) {
    return name == "connection" || name == "keep-alive" || name == "transfer-encoding";
}

Task<void> until(Event& event) { co_await event.wait(); }

}  // namespace

/// A stream of HTTP/2 as one of HTTP/1.1: takes an answer as bytes, and sends its head and body as frames.
class Http2Conversation::Translation final : public ByteStream {
  public:
    Translation(Http2Conversation& conversation, std::int32_t id)
        : conversation_(conversation),
          id_(id),
          place_(conversation.translations_.insert(conversation.translations_.end(), this)) {}
    ~Translation() override { conversation_.translations_.erase(place_); }

    /// Nothing ever comes but the end.
    std::optional<std::size_t> try_read(std::span<std::byte>) override {
        if (!server().is_open(id_)) return 0;
        changed_.reset();
        return std::nullopt;
    }
    std::optional<std::size_t> try_write(std::span<const std::byte> bytes) override {
        if (!server().is_open(id_)) throw Error(ErrorCode::reset, "the client has reset the stream");
        if (server().unsent(id_) >= block_size) {
            changed_.reset();
            return std::nullopt;
        }
        take({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        conversation_.output_.set();
        return bytes.size();
    }
    Task<void> readable() override { return until(changed_); }
    Task<void> writable() override { return until(changed_); }
    bool is_quiet() override { return true; }
    void close_write() noexcept override {}

    void wake() noexcept { changed_.set(); }

    bool has_head() const noexcept { return has_head_; }
    bool has_length() const noexcept { return has_length_; }
    /// Bytes that are not an answer.
    const std::string& unread() const noexcept { return head_; }

  private:
    Http2Server& server() const noexcept { return conversation_.server_; }

    void take(std::string_view bytes) {
        if (has_head_) return server().add_body(id_, bytes);
        constexpr std::string_view end_of_head = "\r\n\r\n";
        head_ += bytes;
        const std::size_t end = head_.find(end_of_head);
        if (end == std::string::npos) return;
        has_head_ = true;
        send_head(std::string_view(head_).substr(0, end + 2));
        server().add_body(id_, std::string_view(head_).substr(end + end_of_head.size()));
        head_.clear();
    }

    void send_head(std::string_view head) {
        constexpr std::size_t version = std::string_view("HTTP/1.1 ").size();
        const std::string_view status_line = head.substr(0, head.find("\r\n"));
        const std::string_view status = status_line.substr(std::min(version, status_line.size()));
        http::Headers fields;
        for (std::size_t at = status_line.size() + 2; at < head.size();) {
            const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
            at += line.size() + 2;
            const std::size_t colon = line.find(':');
            if (colon == std::string_view::npos) continue;
            const std::string name = http::lower(line.substr(0, colon));
            has_length_ = has_length_ || name == "content-length";
            if (!is_for_connection(name)) fields.add(name, line.substr(colon + 1));
        }
        server().begin_answer(id_, status.substr(0, status.find(' ')), fields);
    }

    Http2Conversation& conversation_;
    const std::int32_t id_;
    const std::list<Translation*>::iterator place_;
    Event changed_{trace::Wait::writable};
    std::string head_;
    bool has_head_ = false;
    bool has_length_ = false;
};

Http2Conversation::Http2Conversation(ByteStream& stream, const http::Http2ServerOptions& options, Answer answer)
    : stream_(stream), server_(options), answer_(std::move(answer)) {}

Task<void> Http2Conversation::run(std::string received) {
    TaskGroup writing;
    writing.start(write(), "send frames");
    TaskGroup answers;
    CancelScope reading;
    reading_ = &reading;
    co_await reading.run(read(std::move(received), answers));
    reading_ = nullptr;
    answers.cancel();
    co_await answers.join();
    is_closing_ = true;
    output_.set();
    co_await within(linger, close(writing));
}

/// Sends the rest, says that nothing more comes, and reads on until the client has closed, too: closing with unread
/// bytes resets the connection, and the client might never see the end of what was said.
Task<void> Http2Conversation::close(TaskGroup& writing) {
    co_await writing.join();
    stream_.close_write();
    std::array<std::byte, 4096> buffer;
    while (co_await read_some(stream_, buffer) > 0) continue;
}

Task<void> Http2Conversation::read(std::string received, TaskGroup& answers) {
    std::array<std::byte, 4096> buffer;
    for (;;) {
        const bool is_good = server_.receive(received);
        while (auto request = server_.take_request()) {
            answers.start(answer(std::move(*request)), "answer");
        }
        output_.set();
        wake_translations();
        if (!is_good) co_return;
        co_await stream_.readable();
        const auto count = stream_.try_read(buffer);
        if (count == 0) co_return;
        received.assign(reinterpret_cast<const char*>(buffer.data()), count.value_or(0));
    }
}

Task<void> Http2Conversation::answer(Http2Server::Request request) {
    const std::int32_t id = request.stream;
    if (goodbye_ && id > *goodbye_) co_return;
    const std::int32_t before = std::exchange(last_stream_, std::max(last_stream_, id));
    http::ReceivedRequest received;
    received.method = std::move(request.method);
    received.target = std::move(request.target);
    received.headers = std::move(request.headers);
    received.body = std::move(request.body);
    received.keep_alive = true;
    Translation translation(*this, id);
    try {
        const StreamEnding ending = co_await answer_(translation, received);
        if (ending.is_goodbye && !goodbye_) {
            goodbye_ = last_stream_ == id ? before : last_stream_;
            server_.say_goodbye(*goodbye_, Http2Server::no_error, "on command");
        }
        end(translation, ending, id);
    } catch (const Error&) {
        // The client has reset the stream, which is not the server's error.
    }
    output_.set();
}

void Http2Conversation::end(Translation& translation, const StreamEnding& ending, std::int32_t id) {
    if (ending.needs_http_1) return server_.reset(id, Http2Server::http_1_1_required);
    if (!ending.was_read) return server_.reset(id, Http2Server::refused_stream);
    if (ending.ending == Ending::reset) return server_.reset(id, Http2Server::internal_error);
    if (ending.ending == Ending::close && !translation.has_head()) {
        raw_ = translation.unread();
        is_over_ = true;
        return;
    }
    // Nothing but its length would show that a body has ended too early.
    if (ending.ending == Ending::close && !translation.has_length()) {
        return server_.reset(id, Http2Server::internal_error);
    }
    server_.end_answer(id);
}

Task<void> Http2Conversation::write() {
    for (;;) {
        co_await output_.wait();
        output_.reset();
        for (;;) {
            const std::string output = server_.take_output(block_size);
            if (output.empty()) break;
            co_await write_all(stream_, std::as_bytes(std::span(output)));
            wake_translations();
        }
        if (!is_over_ && !is_closing_ && !server_.is_done()) continue;
        co_await write_all(stream_, std::as_bytes(std::span(raw_)));
        if (reading_) reading_->cancel();
        co_return;
    }
}

void Http2Conversation::wake_translations() {
    for (Translation* translation : translations_) translation->wake();
}

}  // namespace plait::mock::internal
