#include "plait/mock/internal/answer_writer.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/sleep.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <span>
#include <string_view>
#include <utility>

namespace plait::mock::internal {

namespace {

/// How long a client may keep sending after it was refused, before its connection is closed.
constexpr Duration linger = std::chrono::seconds(1);

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

const std::string& fill_block() {
    static const std::string block(AnswerWriter::block_size, 'x');
    return block;
}

}  // namespace

Task<void> AnswerWriter::send(ByteStream& stream, const Answer& answer, const http::ReceivedRequest& request) {
    sent_.clear();
    append_answer(sent_, answer, request);
    std::size_t fill = has_body(answer, request) ? answer.fill : 0;
    if (sent_.size() + fill <= block_size) sent_.append(std::exchange(fill, 0), 'x');
    const std::size_t taken = stream.try_write(bytes_of(sent_)).value_or(0);
    if (taken == sent_.size() && fill == 0) co_return;
    co_await send_rest(stream, sent_.substr(taken), fill);
}

Task<void> AnswerWriter::send_rest(ByteStream& stream, std::string rest, std::size_t fill) {
    co_await write_all(stream, bytes_of(rest));
    while (fill > 0) {
        const std::size_t count = std::min(fill, block_size);
        co_await write_all(stream, bytes_of(fill_block()).first(count));
        fill -= count;
    }
}

Task<Ending> AnswerWriter::deliver(ByteStream& stream, Delivery delivery) {
    std::string text = std::move(delivery.head);
    text += delivery.body;
    if (delivery.per_byte > Duration::zero()) {
        co_await drip(stream, std::move(text), delivery.fill, delivery.per_byte);
    } else {
        co_await send_rest(stream, std::move(text), delivery.fill);
    }
    if (delivery.ending == Ending::stall) co_await discard(stream);
    if (delivery.ending == Ending::crash) crash();
    co_return delivery.ending;
}

Task<void> AnswerWriter::drip(ByteStream& stream, std::string text, std::size_t fill, Duration per_byte) {
    text.append(fill, 'x');
    for (const char& byte : text) {
        co_await write_all(stream, std::as_bytes(std::span(&byte, 1)));
        co_await sleep_for(per_byte);
    }
}

Task<void> AnswerWriter::refuse(ByteStream& stream, int status) {
    const http::ReceivedRequest unreadable;
    const Answer answer = refusal_answer(status);
    co_await send(stream, answer, unreadable);
    stream.close_write();
    // Closing with unread bytes resets the connection, and the client might never see the answer.
    co_await within(linger, discard(stream));
}

Task<void> AnswerWriter::discard(ByteStream& stream) {
    for (;;) {
        co_await stream.readable();
        if (stream.try_read(discarded_) == 0) co_return;
    }
}

void AnswerWriter::crash() {
    if (crash_) return crash_();
    ::kill(::getpid(), SIGKILL);
}

}  // namespace plait::mock::internal
