#include "plait/http/internal/h2_callbacks.hpp"

#include "plait/http/internal/h2_session.hpp"
#include "plait/http/message/internal/escaped.hpp"

#include <limits>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace plait::http::internal {

namespace {

H2Session& session_of(void* owner) { return *static_cast<H2Session*>(owner); }

std::string_view text_of(nghttp2_rcbuf* buffer) {
    const nghttp2_vec bytes = ::nghttp2_rcbuf_get_buf(buffer);
    return {reinterpret_cast<const char*>(bytes.base), bytes.len};
}

/// Why nghttp2 takes no more: the session knows.
constexpr int stop = NGHTTP2_ERR_CALLBACK_FAILURE;

/// A field that is in no message (RFC 9113, section 8.2.1) names the answer malformed.
constexpr std::size_t shown_of_field = 60;

}  // namespace

/// What nghttp2 calls. No exception may pass through it: one about a stream ends the stream.
struct H2Callbacks {
    template <class Work>
    static bool for_stream(H2Session& session, H2Stream& stream, Work work) {
        try {
            work();
            return true;
        } catch (const Error& error) {
            session.stream_failed(stream, error, NGHTTP2_CANCEL);
        } catch (const std::bad_alloc&) {
            session.stream_failed(stream, Error(ErrorCode::too_large, "no memory is left for the answer"),
                                  NGHTTP2_CANCEL);
        }
        return false;
    }

    static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* owner) {
        return session_of(owner).begin_frame(head->type, head->flags, head->length, head->stream_id) ? 0 : stop;
    }

    static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        H2Session& session = session_of(owner);
        session.in_header_ = session.stream_of(frame->hd.stream_id);
        return 0;
    }

    static int on_header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf* name, nghttp2_rcbuf* value,
                         std::uint8_t, void* owner) {
        H2Session& session = session_of(owner);
        H2Stream* stream = session.in_header_;
        if (!stream) return 0;
        const bool is_good = for_stream(session, *stream, [&] { stream->add_field(text_of(name), text_of(value)); });
        return is_good ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }

    static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf* name, nghttp2_rcbuf* value,
                                 std::uint8_t, void* owner) {
        H2Session& session = session_of(owner);
        if (!session.in_header_) return 0;
        const std::string field =
            escaped(text_of(name), shown_of_field) + ": " + escaped(text_of(value), shown_of_field);
        session.stream_failed(*session.in_header_,
                              Error(ErrorCode::protocol, "the answer is not HTTP/2: the field '" + field +
                                                             "' has a character that none may have"),
                              NGHTTP2_PROTOCOL_ERROR);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }

    static int on_data_chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                             std::size_t size, void* owner) {
        H2Session& session = session_of(owner);
        H2Stream* stream = session.stream_of(id);
        if (size > 0) session.floods_.made_progress();
        if (!stream) return 0;
        const bool is_good = for_stream(session, *stream, [&] {
            stream->add_body({reinterpret_cast<const char*>(bytes), size}, session.now_);
        });
        if (is_good && stream->has_block()) session.filled_.push_back(stream);
        if (is_good && stream->body_->has_last_event()) session.end_at_last_event(*stream);
        return 0;
    }

    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        H2Session& session = session_of(owner);
        switch (frame->hd.type) {
            case NGHTTP2_HEADERS:
                return on_head(session, frame->hd);
            case NGHTTP2_DATA:
                return on_data(session, *frame);
            case NGHTTP2_RST_STREAM:
                if (H2Stream* stream = session.stream_of(frame->hd.stream_id)) stream->was_reset_ = true;
                return 0;
            case NGHTTP2_SETTINGS:
                if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) session.take_settings();
                return 0;
            case NGHTTP2_WINDOW_UPDATE:
                session.resume_bodies();
                return 0;
            case NGHTTP2_GOAWAY:
                session.take_goaway(
                    frame->goaway.error_code, frame->goaway.last_stream_id,
                    {reinterpret_cast<const char*>(frame->goaway.opaque_data), frame->goaway.opaque_data_len});
                return 0;
            default:
                return 0;
        }
    }

    static int on_head(H2Session& session, const nghttp2_frame_hd& head) {
        H2Stream* stream = std::exchange(session.in_header_, nullptr);
        if (!stream) return 0;
        const bool is_all = head.flags & NGHTTP2_FLAG_END_STREAM;
        if (!for_stream(session, *stream, [&] { stream->end_head(is_all, session.now_); })) return 0;
        if (!stream->has_head_) return session.admit(H2Flood::interim_head) ? 0 : stop;
        session.floods_.made_progress();
        if (is_all) end_stream(session, *stream);
        return 0;
    }

    static void end_stream(H2Session& session, H2Stream& stream) {
        if (for_stream(session, stream, [&] { stream.end_body(); })) session.end_of_stream(stream);
    }

    static int on_data(H2Session& session, const nghttp2_frame& frame) {
        H2Stream* stream = session.stream_of(frame.hd.stream_id);
        if (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) {
            if (stream) end_stream(session, *stream);
            return 0;
        }
        const bool is_empty = frame.hd.length > 0 && frame.hd.length <= frame.data.padlen;
        return !is_empty || session.admit(H2Flood::empty_data) ? 0 : stop;
    }

    static int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* owner) {
        H2Session& session = session_of(owner);
        const bool is_about_stream = error == NGHTTP2_ERR_HTTP_HEADER || error == NGHTTP2_ERR_HTTP_MESSAGING;
        H2Stream* stream = session.stream_of(frame->hd.stream_id);
        if (is_about_stream && stream) {
            session.stream_failed(*stream, session.violation(error), NGHTTP2_PROTOCOL_ERROR);
        } else if (!is_about_stream && !session.fault_) {
            session.fault_ = session.violation(error);
        }
        return 0;
    }

    static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* owner) {
        session_of(owner).stream_closed(id, code);
        return 0;
    }

    static int before_send(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        H2Session& session = session_of(owner);
        if (frame->hd.type == NGHTTP2_HEADERS) {
            if (H2Stream* stream = session.stream_of(frame->hd.stream_id)) session.packed(*stream);
        }
        return 0;
    }

    static int on_send(nghttp2_session*, const nghttp2_frame* frame, void* owner) {
        H2Session& session = session_of(owner);
        if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
        H2Stream* stream = session.stream_of(frame->hd.stream_id);
        session.floods_.made_progress();
        if (!stream) return 0;
        stream->last_byte_ = session.now_;
        if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) stream->enter(Phase::waiting, session.now_);
        return 0;
    }

    static int on_unknown_bytes(nghttp2_session*, const nghttp2_frame_hd*, const std::uint8_t*, std::size_t, void*) {
        return NGHTTP2_ERR_CANCEL;
    }
    static int on_unknown_frame(nghttp2_session*, void**, const nghttp2_frame_hd*, void*) { return NGHTTP2_ERR_CANCEL; }

    static int on_error(nghttp2_session*, int, const char* message, std::size_t size, void* owner) {
        constexpr std::size_t most = 200;
        session_of(owner).fault_text_ = escaped({message, size}, most);
        return 0;
    }

    static ssize_t read_body(std::int32_t id, std::span<std::uint8_t> room, std::uint32_t& flags, H2Session& session) {
        H2Stream* stream = session.stream_of(id);
        if (!stream) return NGHTTP2_ERR_DEFERRED;  // it is about to be reset
        bool is_all = false;
        std::size_t size = 0;
        if (!for_stream(session, *stream, [&] { size = session.read_body(*stream, room, is_all); })) {
            return NGHTTP2_ERR_DEFERRED;  // a file of the body can't be read
        }
        if (is_all) flags |= NGHTTP2_DATA_FLAG_EOF;
        if (size == 0) return NGHTTP2_ERR_DEFERRED;
        return static_cast<ssize_t>(size);
    }
};

namespace {

nghttp2_session_callbacks* make_callbacks() {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (::nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    ::nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, H2Callbacks::on_begin_frame);
    ::nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, H2Callbacks::on_begin_headers);
    ::nghttp2_session_callbacks_set_on_header_callback2(callbacks, H2Callbacks::on_header);
    ::nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks, H2Callbacks::on_invalid_header);
    ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, H2Callbacks::on_data_chunk);
    ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, H2Callbacks::on_frame);
    ::nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, H2Callbacks::on_invalid_frame);
    ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, H2Callbacks::on_stream_close);
    ::nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, H2Callbacks::before_send);
    ::nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, H2Callbacks::on_send);
    ::nghttp2_session_callbacks_set_on_extension_chunk_recv_callback(callbacks, H2Callbacks::on_unknown_bytes);
    ::nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, H2Callbacks::on_unknown_frame);
    ::nghttp2_session_callbacks_set_error_callback2(callbacks, H2Callbacks::on_error);
    return callbacks;
}

nghttp2_option* make_options() {
    nghttp2_option* options = nullptr;
    if (::nghttp2_option_new(&options) != 0) throw std::bad_alloc();
    ::nghttp2_option_set_no_closed_streams(options, 1);
    // Its limit counts the pieces in which the head of such a frame arrives; the session counts the frames.
    ::nghttp2_option_set_max_continuations(options, std::numeric_limits<std::size_t>::max());
    // nghttp2 would ignore these without a word, and a flood of them, too.
    constexpr int first_unknown_type = 10;
    for (int type = first_unknown_type; type < 256; ++type) {
        ::nghttp2_option_set_user_recv_extension_type(options, static_cast<std::uint8_t>(type));
    }
    ::nghttp2_option_set_max_send_header_block_length(options, largest_h2_header);
    return options;
}

}  // namespace

nghttp2_session* make_h2_session(H2Session* owner) {
    static nghttp2_session_callbacks* const callbacks = make_callbacks();
    static nghttp2_option* const options = make_options();
    nghttp2_session* session = nullptr;
    if (::nghttp2_session_client_new2(&session, callbacks, owner, options) != 0) throw std::bad_alloc();
    return session;
}

ssize_t read_h2_body(nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t size, std::uint32_t* flags,
                     nghttp2_data_source*, void* owner) {
    return H2Callbacks::read_body(id, {buffer, size}, *flags, session_of(owner));
}

}  // namespace plait::http::internal
