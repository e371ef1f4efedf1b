#include "plait/cluster/protocol/coordinator.hpp"

#include "plait/cluster/protocol/worker.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace plait;
using namespace plait::cluster;
using namespace std::chrono_literals;

namespace {

/// A coordinator and a worker that talk without loss, and a clock.
class Pair {
  public:
    explicit Pair(CoordinatorOptions options = {}) : coordinator(std::move(options)), worker(worker_options()) {
        meet();
    }

    static WorkerOptions worker_options() {
        WorkerOptions options;
        options.instance = 7;
        options.host = "host";
        options.slots = 2;
        return options;
    }

    void meet() {
        coordinator.beat(now);
        exchange();
        worker.beat(now);
        exchange();
        worker.beat(now);
        exchange();
    }

    /// Delivers everything in both directions until nothing is left.
    void exchange() {
        for (bool is_busy = true; is_busy;) {
            is_busy = false;
            for (auto& outgoing : coordinator.take_outgoing()) {
                is_busy = true;
                if (outgoing.to == Coordinator::Outgoing::To::itself) {
                    coordinator.receive(outgoing.message, now);
                } else {
                    worker.receive(outgoing.message, now);
                }
            }
            for (Message& message : worker.take_outgoing()) {
                is_busy = true;
                coordinator.receive(std::move(message), now);
            }
        }
    }

    std::vector<CallId> started() {
        std::vector<CallId> calls;
        for (Worker::Action& action : worker.take_actions()) {
            if (const auto* start = std::get_if<Worker::Start>(&action)) calls.push_back(start->call);
        }
        return calls;
    }

    TimePoint now{100h};
    Coordinator coordinator;
    Worker worker;
};

}  // namespace

TEST_CASE("a call goes to a worker, and its answer comes back once") {
    Pair pair;
    CHECK(pair.coordinator.room(pair.now) == 2);
    const auto dispatch = pair.coordinator.dispatch("a", "request", pair.now);
    REQUIRE(dispatch);
    pair.exchange();
    REQUIRE(pair.started() == std::vector{dispatch->call});
    pair.worker.finished(dispatch->call, true, "answer", pair.now);
    pair.exchange();
    const std::vector<CallEnded> ended = pair.coordinator.take_ended();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].how == CallEnded::How::answered);
    CHECK(ended[0].text == "answer");
    CHECK(pair.worker.holds() == 1);
    pair.coordinator.stored(*dispatch);
    pair.worker.beat(pair.now);
    pair.exchange();
    CHECK(pair.worker.holds() == 0);
    CHECK(pair.coordinator.take_ended().empty());
}

TEST_CASE("no more calls go to a worker than it has slots") {
    Pair pair;
    CHECK(pair.coordinator.dispatch("a", "", pair.now));
    CHECK(pair.coordinator.dispatch("b", "", pair.now));
    CHECK_FALSE(pair.coordinator.dispatch("c", "", pair.now));
}

TEST_CASE("a call that never reached its worker comes back as not sent, and only after the worker has said so") {
    Pair pair;
    const auto dispatch = pair.coordinator.dispatch("a", "request", pair.now);
    pair.coordinator.take_outgoing();  // lost
    CHECK(pair.coordinator.take_ended().empty());
    pair.worker.beat(pair.now);  // it has not seen it, but might yet
    pair.exchange();
    CHECK(pair.coordinator.take_ended().empty());
    pair.worker.beat(pair.now);  // the answer to the last beat told it not to take it any more
    pair.exchange();
    const auto ended = pair.coordinator.take_ended();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].how == CallEnded::How::not_sent);
    CHECK(ended[0].dispatch.call == dispatch->call);
}

TEST_CASE("an order that comes after it was taken back is not followed") {
    Pair pair;
    pair.coordinator.dispatch("a", "request", pair.now);
    std::vector<Coordinator::Outgoing> late = pair.coordinator.take_outgoing();
    for (int times = 0; times < 2; ++times) {
        pair.worker.beat(pair.now);
        pair.exchange();
    }
    CHECK(pair.coordinator.take_ended().size() == 1);
    for (auto& outgoing : late) pair.worker.receive(outgoing.message, pair.now);
    CHECK(pair.started().empty());
    CHECK(pair.worker.holds() == 0);
}

TEST_CASE("a call does not leave when the coordinator was silent for longer than the lease") {
    Pair pair;
    const auto dispatch = pair.coordinator.dispatch("a", "request", pair.now);
    pair.now += lease + 1ms;
    pair.exchange();
    CHECK(pair.started().empty());
    const auto ended = pair.coordinator.take_ended();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].how == CallEnded::How::not_sent);
    CHECK(ended[0].dispatch.call == dispatch->call);
}

TEST_CASE("with limits, a call that comes later than others did does not leave") {
    CoordinatorOptions options;
    options.leave_within = 50ms;
    Pair pair(options);
    pair.coordinator.dispatch("a", "request", pair.now);
    pair.exchange();
    CHECK(pair.started().size() == 1);
    pair.coordinator.dispatch("b", "request", pair.now);
    pair.now += 51ms;
    pair.exchange();
    CHECK(pair.started().empty());
}

TEST_CASE("a call that came in time says until when it may leave") {
    CoordinatorOptions options;
    for (const auto& [leave_within, expected] : {std::pair(std::optional<Duration>(20ms), Duration(15ms)),
                                                 std::pair(std::optional<Duration>(), lease - 5ms)}) {
        options.leave_within = leave_within;
        Pair pair(options);
        pair.coordinator.dispatch("a", "request", pair.now);
        pair.now += 5ms;
        pair.exchange();
        for (const Worker::Action& action : pair.worker.take_actions()) {
            if (const auto* start = std::get_if<Worker::Start>(&action)) CHECK(start->leave_by == pair.now + expected);
        }
        CHECK(pair.worker.running() == 1);
    }
}

TEST_CASE("a worker is lost after so many own beats without one of its own, and not by time") {
    Pair pair;
    const auto dispatch = pair.coordinator.dispatch("a", "request", pair.now);
    pair.coordinator.take_outgoing();
    pair.now += 1h;
    CHECK(pair.coordinator.take_ended().empty());
    for (std::uint64_t beat = 0; beat < beats_until_lost; ++beat) {
        CHECK(pair.coordinator.take_ended().empty());
        pair.coordinator.beat(pair.now);
        for (auto& outgoing : pair.coordinator.take_outgoing()) {
            if (outgoing.to == Coordinator::Outgoing::To::itself) pair.coordinator.receive(outgoing.message, pair.now);
        }
    }
    const auto ended = pair.coordinator.take_ended();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].how == CallEnded::How::lost);
    CHECK(ended[0].dispatch.call == dispatch->call);
    CHECK(pair.coordinator.workers().at(0).lost_calls == 1);
}

TEST_CASE("own beats that did not come back are no proof that a worker is lost") {
    Pair pair;
    pair.coordinator.dispatch("a", "request", pair.now);
    for (std::uint64_t beat = 0; beat < 2 * beats_until_lost; ++beat) pair.coordinator.beat(pair.now);
    const auto all = pair.coordinator.take_outgoing();
    for (int times = 0; times < 2; ++times) pair.coordinator.receive(all.back().message, pair.now);
    CHECK(pair.coordinator.take_ended().empty());
    CHECK(pair.coordinator.own_beats() == 2);
}

TEST_CASE("calls in flight at a silent worker take no slot from the others") {
    Pair pair;
    WorkerOptions options = Pair::worker_options();
    options.instance = 8;
    Worker other(options);
    const auto talk = [&] {
        pair.coordinator.beat(pair.now);
        for (auto& outgoing : pair.coordinator.take_outgoing()) other.receive(outgoing.message, pair.now);
        other.beat(pair.now);
        for (Message& message : other.take_outgoing()) pair.coordinator.receive(std::move(message), pair.now);
        for (auto& outgoing : pair.coordinator.take_outgoing()) other.receive(outgoing.message, pair.now);
    };
    CHECK(pair.coordinator.dispatch("a", "request", pair.now));
    CHECK(pair.coordinator.dispatch("b", "request", pair.now));
    pair.now += silence_until_stale;
    talk();
    talk();
    CHECK(pair.coordinator.room(pair.now) == 4);
    CHECK(pair.coordinator.dispatch("c", "request", pair.now));
    CHECK(pair.coordinator.dispatch("d", "request", pair.now));
    CHECK_FALSE(pair.coordinator.dispatch("e", "request", pair.now));
}

TEST_CASE("a new coordinator takes over what a worker holds") {
    Pair pair;
    pair.coordinator.dispatch("a", "request", pair.now);
    pair.exchange();
    const std::vector<CallId> calls = pair.started();
    CoordinatorOptions options;
    options.epoch = 2;
    pair.coordinator = Coordinator(options);
    pair.meet();
    CHECK(pair.coordinator.can_adopt("a"));
    CHECK_FALSE(pair.coordinator.can_adopt("b"));
    const auto adopted = pair.coordinator.adopt("a");
    REQUIRE(adopted);
    CHECK(adopted->call == calls.at(0));
    pair.worker.finished(calls.at(0), true, "answer", pair.now);
    pair.exchange();
    const auto ended = pair.coordinator.take_ended();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].text == "answer");
}

TEST_CASE("an answer is held until it is stored, although its worker was lost meanwhile and comes back") {
    Pair pair;
    const auto dispatch = pair.coordinator.dispatch("a", "request", pair.now);
    REQUIRE(dispatch);
    pair.exchange();
    pair.worker.finished(dispatch->call, true, "answer", pair.now);
    pair.exchange();
    CHECK(pair.coordinator.take_ended().size() == 1);
    for (std::uint64_t beat = 0; beat <= beats_until_lost; ++beat) {
        pair.coordinator.beat(pair.now);
        for (auto& outgoing : pair.coordinator.take_outgoing()) {
            if (outgoing.to == Coordinator::Outgoing::To::itself) pair.coordinator.receive(outgoing.message, pair.now);
        }
    }
    REQUIRE(pair.coordinator.workers().at(0).lost_at);
    CHECK(pair.coordinator.take_ended().empty());
    pair.meet();
    CHECK_FALSE(pair.coordinator.workers().at(0).lost_at);
    CHECK(pair.worker.holds() == 1);
    pair.coordinator.stored(*dispatch);
    pair.meet();
    CHECK(pair.worker.holds() == 0);
}

TEST_CASE("a run that is interrupted leaves a worker the answer that was not stored") {
    Pair pair;
    const auto dispatch = pair.coordinator.dispatch("a", "request", pair.now);
    REQUIRE(dispatch);
    pair.exchange();
    pair.worker.finished(dispatch->call, true, "answer", pair.now);
    pair.exchange();
    pair.coordinator.close(false);
    pair.exchange();
    CHECK(pair.worker.holds() == 1);
    pair.coordinator.stored(*dispatch);
    pair.coordinator.close(false);
    pair.exchange();
    CHECK(pair.worker.holds() == 0);
}

TEST_CASE("a resumed run that is interrupted leaves workers what an earlier one left them, and one that finishes not") {
    Pair pair;
    const auto dispatch = pair.coordinator.dispatch("a", "request", pair.now);
    REQUIRE(dispatch);
    pair.exchange();
    pair.worker.finished(dispatch->call, true, "answer", pair.now);
    CoordinatorOptions options;
    options.epoch = 2;
    pair.coordinator = Coordinator(options);
    pair.coordinator.close(false);  // before it has heard of a worker
    pair.meet();
    pair.coordinator.close(false);
    pair.exchange();
    CHECK(pair.worker.holds() == 1);
    pair.coordinator.close(true);
    pair.exchange();
    CHECK(pair.worker.holds() == 0);
}

TEST_CASE("a worker that refused a call has no room before its next beat") {
    Pair pair;
    pair.now += lease + 1ms;
    pair.worker.set_others(2);
    pair.meet();
    pair.worker.set_others(0);
    pair.meet();
    REQUIRE(pair.coordinator.dispatch("a", "request", pair.now));
    pair.worker.set_others(2);
    pair.exchange();
    CHECK(pair.coordinator.take_ended().size() == 1);
    CHECK(pair.coordinator.room(pair.now) == 0);
    pair.worker.set_others(0);
    pair.worker.beat(pair.now);
    pair.exchange();
    CHECK(pair.coordinator.room(pair.now) == 2);
}

TEST_CASE("with limits, the time that a call had to wait for a slot counts") {
    CoordinatorOptions options;
    options.leave_within = 50ms;
    Pair pair(options);
    const TimePoint permitted = pair.now;
    pair.now += 30ms;
    pair.meet();
    pair.coordinator.dispatch("a", "request", pair.now, permitted);
    pair.exchange();
    CHECK(pair.started().size() == 1);
    pair.coordinator.dispatch("b", "request", pair.now, permitted);
    pair.now += 21ms;
    pair.exchange();
    CHECK(pair.started().empty());
}

TEST_CASE("a call that was given up gets no end, and its slot is free again") {
    Pair pair;
    const auto dispatch = pair.coordinator.dispatch("a", "request", pair.now);
    pair.exchange();
    pair.coordinator.give_up(*dispatch);
    pair.exchange();
    bool is_cancelled = false;
    for (Worker::Action& action : pair.worker.take_actions())
        is_cancelled |= std::holds_alternative<Worker::Cancel>(action);
    CHECK(is_cancelled);
    pair.worker.finished(dispatch->call, true, "cancelled", pair.now);
    pair.exchange();
    CHECK(pair.coordinator.take_ended().empty());
    CHECK(pair.coordinator.workers().at(0).in_flight == 0);
}

TEST_CASE("a worker that does not hear its coordinator is told of on both sides, once") {
    Coordinator coordinator{CoordinatorOptions()};
    Worker worker(Pair::worker_options());
    TimePoint now{100h};
    coordinator.beat(now);
    for (auto& outgoing : coordinator.take_outgoing()) worker.receive(outgoing.message, now);
    std::vector<std::string> said;
    for (int beats = 0; beats < 30; ++beats) {
        now += beat_interval;
        worker.beat(now);
        for (Message& message : worker.take_outgoing()) coordinator.receive(std::move(message), now);
        coordinator.take_outgoing();  // lost, each of them
        for (std::string& sentence : coordinator.take_warnings()) said.push_back(std::move(sentence));
        for (Worker::Action& action : worker.take_actions()) said.push_back(std::get<Worker::Say>(action).sentence);
    }
    REQUIRE(said.size() == 2);
    CHECK(said[0].find("the worker at host does not seem to hear this run") != std::string::npos);
    CHECK(said[1].find("its coordinator does not answer") != std::string::npos);

    Pair pair;
    for (int beats = 0; beats < 30; ++beats) pair.meet();
    CHECK(pair.coordinator.take_warnings().empty());
    for (const Worker::Action& action : pair.worker.take_actions())
        CHECK_FALSE(std::holds_alternative<Worker::Say>(action));
}

TEST_CASE("a coordinator stops when another one has its run") {
    Coordinator coordinator{CoordinatorOptions()};
    coordinator.receive(OwnBeat{1, 99, 1}, TimePoint());
    CHECK(coordinator.conflict() == "another coordinator runs with a copy of the same state file");
}

TEST_CASE("lateness is counted from the fastest message, whatever the clocks show") {
    Lateness lateness;
    const TimePoint start{1000h};
    CHECK(lateness.of(TimePoint(5h), start) == Duration(0));
    CHECK(lateness.of(TimePoint(5h + 1s), start + 1s + 30ms) == 30ms);
    CHECK(lateness.of(TimePoint(5h + 2s), start + 2s - 10ms) == Duration(0));
    CHECK(lateness.of(TimePoint(5h + 3s), start + 3s) == 10ms);
}
