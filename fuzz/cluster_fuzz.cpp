// Messages of a cluster, each after two bytes of its length. Those of odd kinds of receivers alternate: a coordinator
// and a worker read all of them, and what they send each other beside.
#include "plait/base/error.hpp"
#include "plait/batch/method/internal/call_text.hpp"
#include "plait/cluster/protocol/coordinator.hpp"
#include "plait/cluster/protocol/worker.hpp"

#include "target.hpp"
#include <algorithm>
#include <optional>
#include <variant>

using namespace plait;
using namespace plait::cluster;

namespace {

void read_contents(const Message& message) {
    try {
        if (const auto* order = std::get_if<CallOrder>(&message)) batch::internal::read_request(order->request.text);
        if (const auto* result = std::get_if<Result>(&message)) batch::internal::read_attempt(result->text.text);
        http::SessionOptions session;
        if (const auto* terms = std::get_if<Terms>(&message)) batch::internal::apply_terms(session, terms->text);
    } catch (const Error&) {
    }
}

}  // namespace

void feed(std::string_view bytes) {
    TimePoint now{std::chrono::hours(100)};
    Coordinator coordinator{CoordinatorOptions()};
    WorkerOptions options;
    options.instance = 1;
    options.slots = 4;
    Worker worker(options);
    std::size_t starts = 0;
    try {
        std::string again;
        std::string_view bundle = bytes;
        while (const std::optional<Message> message = take_first(bundle)) append(again, *message);
        PLAIT_ASSERT(again == bytes, "a bundle has one form");
    } catch (const Error&) {
    }
    while (bytes.size() > 2) {
        const std::size_t size =
            static_cast<unsigned char>(bytes[0]) | static_cast<std::size_t>(static_cast<unsigned char>(bytes[1])) << 8;
        const std::string_view text = bytes.substr(2, size);
        bytes.remove_prefix(2 + text.size());
        now += std::chrono::milliseconds(100);
        try {
            const Message message = decode(text);
            PLAIT_ASSERT(encode(message) == text, "a message has one form");
            read_contents(message);
            coordinator.receive(message, now);
            worker.receive(message, now);
        } catch (const Error&) {
            continue;
        }
        coordinator.beat(now);
        worker.beat(now);
        coordinator.dispatch("name", "request", now);
        for (auto& outgoing : coordinator.take_outgoing()) worker.receive(outgoing.message, now);
        for (Message& message : worker.take_outgoing()) coordinator.receive(message, now);
        for (const CallEnded& ended : coordinator.take_ended()) {
            if (ended.how == CallEnded::How::answered) coordinator.stored(ended.dispatch);
        }
        for (const Worker::Action& action : worker.take_actions()) {
            const auto* start = std::get_if<Worker::Start>(&action);
            if (start && ++starts % 2) worker.finished(start->call, true, "answer", now);
        }
    }
}
