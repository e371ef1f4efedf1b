#include "plait/http/h1/internal/exchange.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/base/thread_local.hpp"
#include "plait/http/transfer/internal/body_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <utility>

namespace plait::http::internal {

namespace {

// Up to this size, a body is copied behind its head and both are sent in one write. Above, a second write costs less
// than the copy.
constexpr std::size_t largest_body_sent_with_head = 16 * 1024;

// One for all connections of a thread: bytes stay in it between a read and the parser, and never across a wait. So a
// waiting call needs no buffer.
PLAIT_OF_THIS_THREAD std::span<std::byte> read_buffer() noexcept {
    PLAIT_ASK_ANEW();
    thread_local std::array<std::byte, 64 * 1024> buffer;
    return buffer;
}

// Many servers and proxies never answer `Expect: 100-continue`. As long as curl waits.
constexpr Duration longest_wait_for_permission = std::chrono::seconds(1);

// A body that arrives as fast as it is read would otherwise keep the loop to itself.
constexpr int most_reads_in_turn = 16;

}  // namespace

Exchange::Exchange(ByteStream& stream, const Request& request, const ExchangeBounds& bounds, ExchangeRecord& record)
    : stream_(stream),
      request_(request),
      bounds_(bounds),
      record_(record),
      answer_(request, bounds.rules.limits, bounds.rules.body_memory, record.response.emplace(), bounds.rules.decoding,
              bounds.rules.until_event),
      unsent_body_(request),
      phase_start_(now()),
      last_byte_(phase_start_) {
    record_.phase = Phase::sending;
}

Task<void> Exchange::run(std::string head, bool asks) {
    if (!asks && !request_.body_parts && request_.body.size() <= largest_body_sent_with_head) {
        head += request_.body;
        unsent_body_.skip(request_.body.size());
    }
    unsent_head_ = head;
    if (asks) co_await ask_for_permission();
    const bool is_wanted = answer_.state() == AnswerState::head;
    std::optional<TaskGroup> sending;
    if (is_wanted && send_some()) {
        head = {};  // a call that waits for its answer keeps no copy of its request
    } else if (is_wanted && !send_failure_) {
        // Both directions at once: a server may refuse a body long before its end, and then stop reading it.
        sending.emplace();
        sending->start(send_rest(), "send request");
    }
    while (!answer_.is_done()) {
        co_await ready_for(Direction::reading);
        if (!receive_ready()) co_await yield();
        if (has_block()) co_await bounds_.rules.body_writer->write(*record_.response, bounds_.deadline);
    }
    if (sending) {
        sending->cancel();
        co_await sending->join();
    }
    record_.timings.receive = now() - phase_start_;
}

/// Sends the head alone, and waits until the server says what it thinks of the body.
Task<void> Exchange::ask_for_permission() {
    while (!send_head() && !send_failure_) co_await ready_for(Direction::writing);
    CancelScope scope(after(longest_wait_for_permission));
    const bool was_answered = co_await scope.run(receive_permission());
    was_asked_in_vain_ = !was_answered;
}

Task<void> Exchange::receive_permission() {
    while (!answer_.wants_body() && answer_.state() == AnswerState::head) {
        co_await ready_for(Direction::reading);
        if (!receive_ready()) co_await yield();
    }
}

/// Writes as much of the head as the stream takes now, and returns whether that was all.
bool Exchange::send_head() {
    while (!unsent_head_.empty()) {
        const auto taken = try_write(unsent_head_);
        if (!taken) return false;
        unsent_head_.remove_prefix(*taken);
    }
    return true;
}

/// Writes as much as the stream takes now, and returns whether that was all. A failure is kept for later: a server that
/// refuses a body answers and then closes, so there may be an answer to read.
bool Exchange::send_some() {
    if (!send_head()) return false;
    while (unsent_body_.left() > 0) {
        const auto taken = try_write(unsent_body_.peek());
        if (!taken) return false;
        unsent_body_.skip(*taken);
    }
    enter(Phase::waiting);
    return true;
}

std::optional<std::size_t> Exchange::try_write(std::string_view bytes) {
    try {
        const auto taken = stream_.try_write(std::as_bytes(std::span(bytes)));
        record_.any_byte_sent = record_.any_byte_sent || taken.value_or(0) > 0;
        if (taken) last_byte_ = now();
        return taken;
    } catch (const Error&) {
        send_failure_ = std::current_exception();
        return std::nullopt;
    }
}

Task<void> Exchange::send_rest() {
    try {
        while (!send_some() && !send_failure_) co_await ready_for(Direction::writing);
    } catch (const Error& error) {
        // A time limit is reported by the receiving side, too; a file that can't be read is known here alone.
        if (error.code() != ErrorCode::bad_input) co_return;
        body_failure_ = std::current_exception();
        if (reading_) reading_->cancel();
    }
}

/// Returns false when there may be more to read.
bool Exchange::receive_ready() {
    try {
        return receive_some();
    } catch (const Error& error) {
        // A server that refuses a body and closes resets the connection, because it has not read all of it.
        if (error.code() == ErrorCode::reset && !is_sent() && answer_.is_unsized_refusal()) {
            answer_.receive_end();
            return true;
        }
        // There was nothing to read, so the reason why the sending stopped says more.
        if (send_failure_ && record_.phase == Phase::sending) std::rethrow_exception(send_failure_);
        throw;
    }
}

bool Exchange::receive_some() {
    for (int reads = 0; reads < most_reads_in_turn; ++reads) {
        const auto size = stream_.try_read(read_buffer());
        if (!size) return true;
        last_byte_ = now();
        if (*size == 0) {
            answer_.receive_end();
        } else {
            enter(Phase::receiving);
            answer_.receive({reinterpret_cast<const char*>(read_buffer().data()), *size});
        }
        if (answer_.is_done() || has_block()) return true;
    }
    return false;
}

/// Whether a block of the body is to be written before more is received.
bool Exchange::has_block() const noexcept {
    const auto& body = record_.response->saved_body;
    return body && body->has_block() && bounds_.rules.body_writer;
}

Task<void> Exchange::ready_for(Direction direction) {
    for (;;) {
        CancelScope scope(std::min(last_byte_ + bounds_.rules.idle_limit, bounds_.deadline));
        if (direction == Direction::reading) reading_ = &scope;
        // Named: g++ 12.2 destroys a task that ?: chooses within a co_await expression twice.
        Task<void> ready = direction == Direction::reading ? stream_.readable() : stream_.writable();
        const bool is_ready = co_await scope.run(std::move(ready));
        if (direction == Direction::reading) reading_ = nullptr;
        if (body_failure_) std::rethrow_exception(body_failure_);
        if (is_ready) co_return;
        if (now() >= bounds_.deadline) throw Error(ErrorCode::timeout, "the attempt ran out of time");
        // Bytes may have moved in the other direction meanwhile: then the exchange is not idle.
        if (now() >= last_byte_ + bounds_.rules.idle_limit) {
            throw Error(ErrorCode::timeout, fmt::format("no byte came for {}", in_words(bounds_.rules.idle_limit)));
        }
    }
}

void Exchange::enter(Phase phase) {
    if (phase <= *record_.phase) return;
    Timings& timings = record_.timings;
    (*record_.phase == Phase::sending ? timings.send : timings.wait) = now() - phase_start_;
    record_.phase = phase;
    phase_start_ = now();
    doing_.change_to(phase == Phase::waiting ? trace::Activity::first_byte : trace::Activity::body);
}

}  // namespace plait::http::internal
