#include "plait/http/internal/h2_connection.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/text/words.hpp"
#include "plait/base/thread_local.hpp"
#include "plait/http/transfer/internal/body_writer.hpp"
#include "plait/trace/activity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace plait::http::internal {

namespace {

// One for all connections of a thread: bytes stay in it between a read and the session, and never across a wait.
PLAIT_OF_THIS_THREAD std::span<std::byte> read_buffer() noexcept {
    PLAIT_ASK_ANEW();
    thread_local std::array<std::byte, 64 * 1024> buffer;
    return buffer;
}

PLAIT_OF_THIS_THREAD std::string& write_buffer() noexcept {
    PLAIT_ASK_ANEW();
    thread_local std::string buffer;
    buffer.clear();
    return buffer;
}

constexpr std::size_t most_in_write = 64 * 1024;

// Answers that arrive as fast as they are read would otherwise keep the loop to themselves.
constexpr int most_reads_in_turn = 16;

// What had come before a call's time was up counts, however late it is read. But no more than this can have come: a
// server that never pauses must not keep the call for ever.
constexpr int most_late_turns = 16;

}  // namespace

/// A call on its way over the connection. However it ends, its stream is closed, and another call reads on.
class H2Connection::Call final : public H2Stream {
  public:
    Call(H2Connection& connection, ExchangeTerms& terms)
        : H2Stream(terms.request, terms.bounds, terms.record),
          connection_(connection),
          received_before_(connection.received_) {
        connection.session_.open(*this, *terms.defaults, now());
    }
    ~Call() {
        record().met_silence = connection_.session_.opened() > 1 && connection_.received_ == received_before_;
        connection_.leave(*this);
    }

    /// When it has waited for too long.
    TimePoint limit() const { return std::min(last_byte() + bounds().rules.idle_limit, bounds().deadline); }
    void check_limit() const {
        if (now() >= bounds().deadline) throw Error(ErrorCode::timeout, "the attempt ran out of time");
        // Bytes may have moved meanwhile: then the call is not idle.
        const Duration idle_limit = bounds().rules.idle_limit;
        if (now() >= last_byte() + idle_limit)
            throw Error(ErrorCode::timeout, fmt::format("no byte came for {}", in_words(idle_limit)));
    }

    bool is_writing = false;  ///< a block of its body, and can't read for the others meanwhile
    Event turn{trace::Wait::readable};

  private:
    H2Connection& connection_;
    const std::uint64_t received_before_;
};

H2Connection::H2Connection(std::unique_ptr<ByteStream> stream, const H2ConnectionOptions& options, TimePoint now)
    : options_(options), stream_(std::move(stream)), session_(options.session, now), last_received_(now) {}

H2Connection::~H2Connection() {
    try {
        say_goodbye();
    } catch (const std::exception&) {
        // The server will see that the connection is closed.
    }
}

void H2Connection::say_goodbye() {
    // Behind a part of a frame, it would not be one.
    if (has_ended_ || session_.opened() == 0 || !unwritten_.empty()) return;
    session_.say_goodbye();
    std::string output;
    session_.append_output(output, most_in_write, last_received_);
    stream_->try_write(std::as_bytes(std::span(output)));
}

Task<void> H2Connection::exchange(ExchangeTerms& terms) {
    if (!session_.first()) last_received_ = now();  // the server owed us nothing until now
    Call call(*this, terms);
    ActivityScope doing(trace::Activity::sending);
    if (!flusher_) {
        flusher_ = &call;
        co_await yield();  // lets the other ready tasks open their streams, too, so that one write takes all
        if (flusher_ == &call) flush();
    }
    while (!call.is_ended()) {
        doing.change_to(call.has_begun() ? trace::Activity::body : trace::Activity::first_byte);
        if (call.has_block() || !reader_) {
            Task<void> work = call.has_block() ? write_block(call) : read_for_all(call);  // named, as below
            co_await std::move(work);
        } else {
            call.turn.reset();
            if (!co_await call.turn.wait_until(call.limit())) call.check_limit();
        }
    }
    if (!call.is_answered()) throw call.error();
}

void H2Connection::leave(Call& call) {
    const bool was_ended = call.is_ended();
    session_.leave(call);
    caught_up(call);
    if (reader_ == &call) {
        reader_ = nullptr;
        reader_wait_ = nullptr;
        has_writer_ = false;
    }
    if (!was_ended || flusher_ == &call) flush();
    wake_next_reader();
    if (on_room_) on_room_();
}

/// Writes what has come of a large body. Another call reads meanwhile.
Task<void> H2Connection::write_block(Call& call) {
    call.is_writing = true;
    wake_next_reader();
    co_await call.bounds().rules.body_writer->write(call.response(), call.bounds().deadline);
    call.is_writing = false;
    caught_up(call);
}

void H2Connection::caught_up(const Call& call) {
    if (behind_ != &call) return;
    behind_ = nullptr;
    caught_up_.set();
}

Task<void> H2Connection::wait_for_disk() {
    caught_up_.reset();
    co_await caught_up_.wait();
}

/// Writes what there is to write. False when the stream does not take all of it now.
bool H2Connection::flush() {
    flusher_ = nullptr;
    try {
        if (write_all_now()) return true;
    } catch (const Error& error) {
        // What the server said before it closed is worth more than the failure to write, and nothing more will come.
        do receive_now(Reads::all);
        while (may_have_more_);
        has_ended_ = true;
        connection_failed(error);
        return true;
    }
    if (!has_writer_ && reader_wait_) reader_wait_->cancel();
    return false;
}

bool H2Connection::write_all_now() {
    for (;;) {
        if (!unwritten_.empty()) {
            const std::size_t taken = stream_->try_write(std::as_bytes(std::span(unwritten_))).value_or(0);
            session_.sent(taken);
            unwritten_.erase(0, taken);
            if (!unwritten_.empty()) return false;
            unwritten_ = {};
        }
        std::string& output = write_buffer();
        session_.append_output(output, most_in_write, now());
        if (output.empty()) break;
        const std::size_t taken = stream_->try_write(std::as_bytes(std::span(output))).value_or(0);
        session_.sent(taken);
        unwritten_.assign(output, taken);
    }
    wake_ended();
    return true;
}

/// Writes on whenever the stream takes more.
Task<void> H2Connection::write_rest() {
    while (!flush()) co_await stream_->writable();
    has_writer_ = false;
}

/// Reads until this call has ended, or has a block to write. The connection has one reader at a time, who also sees to
/// it that what the stream did not take at once is written.
Task<void> H2Connection::read_for_all(Call& call) {
    reader_ = &call;
    std::optional<TaskGroup> writing;
    int late_turns = 0;
    while (receive_ready(), !call.is_ended() && !call.has_block()) {
        if (may_have_more_) {
            co_await yield();
            if (now() >= call.limit() && ++late_turns > most_late_turns) call.check_limit();
            continue;
        }
        if (!unwritten_.empty() && !has_writer_) {
            has_writer_ = true;
            if (!writing) writing.emplace();
            writing->start(write_rest(), "send frames");
        }
        CancelScope scope(watch_until(call));
        reader_wait_ = &scope;
        // Named: g++ 12.2 destroys a task that ?: chooses within a co_await expression twice.
        Task<void> ready = behind_ ? wait_for_disk() : stream_->readable();
        const bool is_readable = co_await scope.run(std::move(ready));
        reader_wait_ = nullptr;
        if (is_readable) continue;
        call.check_limit();
        watch_peer();
    }
    reader_ = nullptr;
    if (writing) {
        writing->cancel();
        co_await writing->join();
        has_writer_ = false;
    }
}

/// Reads what is there for all calls, and sends what follows from it: acknowledgements, window updates, parts of
/// bodies.
void H2Connection::receive_ready() {
    receive_now();
    if (!session_.is_dead() && unwritten_.empty()) flush();
    if (on_room_) on_room_();
}

void H2Connection::receive_now(Reads reads) {
    may_have_more_ = false;
    try {
        for (int count = 0; !session_.is_dead() && (!behind_ || reads == Reads::all); ++count) {
            if (count == most_reads_in_turn) {
                may_have_more_ = true;
                break;
            }
            const auto size = stream_->try_read(read_buffer());
            if (!size) break;
            if (*size == 0) {
                has_ended_ = true;
                session_.receive_end(Error(ErrorCode::reset, "the server closed the connection without an answer"));
                break;
            }
            last_received_ = now();
            pinged_.reset();
            ++received_;
            session_.receive({reinterpret_cast<const char*>(read_buffer().data()), *size}, now());
            tell_writers();
        }
    } catch (const Error& error) {
        has_ended_ = true;
        connection_failed(error);
    }
    wake_ended();
}

/// Wakes the calls that have a block of their body to write.
void H2Connection::tell_writers() {
    for (H2Stream* stream : session_.take_filled()) {
        auto* call = static_cast<Call*>(stream);
        call->turn.set();
        if (call->response().saved_body->is_behind()) behind_ = call;
    }
}

void H2Connection::connection_failed(const Error& error) {
    session_.receive_end(error);
    wake_ended();
}

void H2Connection::wake_ended() {
    for (H2Stream* stream : session_.take_ended()) static_cast<Call*>(stream)->turn.set();
}

/// One of the calls that wait becomes the reader. If none of them waits, each will see that there is no reader.
void H2Connection::wake_next_reader() {
    if (reader_) return;
    for (H2Stream* stream = session_.first(); stream; stream = H2Session::next(*stream)) {
        auto* call = static_cast<Call*>(stream);
        if (call->is_writing) continue;
        call->turn.set();
        return;
    }
}

TimePoint H2Connection::watch_until(const Call& call) const {
    if (behind_) return call.limit();  // the server is silent because nobody reads
    const TimePoint sign = pinged_ ? *pinged_ + options_.ping_limit : last_received_ + options_.ping_after;
    return std::min(call.limit(), sign);
}

void H2Connection::watch_peer() {
    if (behind_) return;
    if (pinged_ && now() >= *pinged_ + options_.ping_limit) {
        connection_failed(Error(ErrorCode::reset, fmt::format("the server was silent for {} and answered no PING",
                                                              in_words(now() - last_received_))));
    } else if (!pinged_ && now() >= last_received_ + options_.ping_after) {
        pinged_ = now();
        session_.ping();
        flush();
    }
}

bool H2Connection::look() {
    if (!stream_->is_quiet()) {
        receive_now();
        if (!session_.is_dead()) flush();
    }
    return !session_.is_closing();
}

}  // namespace plait::http::internal
