#include "plait/base/error.hpp"
#include "plait/http/http2_server.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

namespace plait::http {

namespace {

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
    // nghttp2 copies and does not write.
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

/// nghttp2's server, and the streams that are open.
class Http2Server::Implementation {
  public:
    explicit Implementation(const Http2ServerOptions& options) : options_(options) {
        nghttp2_session* session = nullptr;
        static nghttp2_session_callbacks* const callbacks = make_callbacks();
        if (::nghttp2_session_server_new(&session, callbacks, this) != 0) throw std::bad_alloc();
        session_.reset(session);
        const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_streams}};
        ::nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    }

    struct Stream {
        Request request;
        std::size_t field_bytes = 0;
        std::string unsent;     ///< of the answer's body
        bool is_whole = false;  ///< the answer
        bool is_deferred = false;
        bool has_answer = false;
    };

    Stream* find(std::int32_t id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : &found->second;
    }

    nghttp2_session* session() const noexcept { return session_.get(); }

    /// More of the body can be sent.
    void resume(std::int32_t id, Stream& stream) {
        if (std::exchange(stream.is_deferred, false)) ::nghttp2_session_resume_data(session(), id);
    }

    std::deque<Request> complete;

    static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t size,
                             std::uint32_t* flags, nghttp2_data_source*, void* owner) {
        Stream* stream = of(owner).find(id);
        if (!stream) return NGHTTP2_ERR_DEFERRED;
        const std::size_t count = std::min(size, stream->unsent.size());
        std::memcpy(buffer, stream->unsent.data(), count);
        stream->unsent.erase(0, count);
        if (stream->unsent.empty() && stream->is_whole) *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (count > 0 || *flags & NGHTTP2_DATA_FLAG_EOF) return static_cast<ssize_t>(count);
        stream->is_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }

  private:
    static Implementation& of(void* owner) { return *static_cast<Implementation*>(owner); }

    static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        Stream& stream = of(owner).streams_[frame->hd.stream_id];
        stream.request.stream = frame->hd.stream_id;
        return 0;
    }

    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                         const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* owner) {
        Stream* stream = of(owner).find(frame->hd.stream_id);
        if (!stream) return 0;
        stream->field_bytes += name_size + value_size;
        if (stream->field_bytes > of(owner).options_.header_bytes) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        try {
            take_field(stream->request, text_of(name, name_size), text_of(value, value_size));
        } catch (const Error&) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        return 0;
    }

    static void take_field(Request& request, std::string_view name, std::string_view value) {
        if (name == ":method") {
            request.method = value;
        } else if (name == ":path") {
            request.target = value;
        } else if (name == ":authority") {
            request.headers.set("host", value);
        } else if (name == "cookie" && request.headers.contains(name)) {
            // The parts of one field (RFC 9113, section 8.2.3).
            const std::string joined = std::string(*request.headers.get(name)) + "; " + std::string(value);
            request.headers.set(name, joined);
        } else if (!name.starts_with(':')) {
            request.headers.add(name, value);
        }
    }

    static int on_data_chunk(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                             std::size_t size, void* owner) {
        Stream* stream = of(owner).find(id);
        if (!stream) return 0;
        if (stream->request.body.size() + size > of(owner).options_.body_bytes) {
            ::nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
            return 0;
        }
        stream->request.body.append(text_of(bytes, size));
        return 0;
    }

    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        const bool is_message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
        if (!is_message || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
        if (Stream* stream = of(owner).find(frame->hd.stream_id))
            of(owner).complete.push_back(std::move(stream->request));
        return 0;
    }

    static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* owner) {
        of(owner).streams_.erase(id);
        return 0;
    }

    static nghttp2_session_callbacks* make_callbacks() {
        nghttp2_session_callbacks* callbacks = nullptr;
        if (::nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
        ::nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        ::nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
        ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
        return callbacks;
    }

    struct Delete {
        void operator()(nghttp2_session* session) const noexcept { ::nghttp2_session_del(session); }
    };

    const Http2ServerOptions options_;
    std::unordered_map<std::int32_t, Stream> streams_;
    std::unique_ptr<nghttp2_session, Delete> session_;
};

Http2Server::Http2Server(const Http2ServerOptions& options)
    : implementation_(std::make_unique<Implementation>(options)) {}
Http2Server::Http2Server(Http2Server&&) noexcept = default;
Http2Server& Http2Server::operator=(Http2Server&&) noexcept = default;
Http2Server::~Http2Server() = default;

bool Http2Server::receive(std::string_view bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return ::nghttp2_session_mem_recv(implementation_->session(), data, bytes.size()) >= 0 &&
           ::nghttp2_session_want_read(implementation_->session());
}

std::optional<Http2Server::Request> Http2Server::take_request() {
    if (implementation_->complete.empty()) return std::nullopt;
    std::optional<Request> request(std::move(implementation_->complete.front()));
    implementation_->complete.pop_front();
    return request;
}

bool Http2Server::is_open(std::int32_t stream) const { return implementation_->find(stream) != nullptr; }

void Http2Server::begin_answer(std::int32_t stream, std::string_view status, const Headers& headers) {
    Implementation::Stream* open = implementation_->find(stream);
    if (!open || std::exchange(open->has_answer, true)) return;
    std::vector<nghttp2_nv> fields{field(":status", status)};
    for (const Header header : headers) fields.push_back(field(header.name, header.value));
    nghttp2_data_provider body{};
    body.read_callback = Implementation::read_body;
    ::nghttp2_submit_response(implementation_->session(), stream, fields.data(), fields.size(), &body);
}

void Http2Server::add_body(std::int32_t stream, std::string_view bytes) {
    if (Implementation::Stream* open = implementation_->find(stream)) {
        open->unsent += bytes;
        implementation_->resume(stream, *open);
    }
}

void Http2Server::end_answer(std::int32_t stream) {
    if (Implementation::Stream* open = implementation_->find(stream)) {
        open->is_whole = true;
        implementation_->resume(stream, *open);
    }
}

void Http2Server::reset(std::int32_t stream, std::uint32_t code) {
    if (is_open(stream)) ::nghttp2_submit_rst_stream(implementation_->session(), NGHTTP2_FLAG_NONE, stream, code);
}

std::size_t Http2Server::unsent(std::int32_t stream) const {
    const Implementation::Stream* open = implementation_->find(stream);
    return open ? open->unsent.size() : 0;
}

void Http2Server::say_goodbye(std::int32_t last_stream, std::uint32_t code, std::string_view text) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    ::nghttp2_submit_goaway(implementation_->session(), NGHTTP2_FLAG_NONE, last_stream, code, bytes, text.size());
}

bool Http2Server::is_done() const noexcept {
    return !::nghttp2_session_want_read(implementation_->session()) &&
           !::nghttp2_session_want_write(implementation_->session());
}

std::string Http2Server::take_output(std::size_t most) {
    std::string output;
    while (output.size() < most) {
        const std::uint8_t* bytes = nullptr;
        const ssize_t size = ::nghttp2_session_mem_send(implementation_->session(), &bytes);
        if (size <= 0) break;
        output.append(text_of(bytes, static_cast<std::size_t>(size)));
    }
    return output;
}

}  // namespace plait::http
