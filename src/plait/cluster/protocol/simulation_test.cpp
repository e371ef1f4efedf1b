#include "plait/base/random.hpp"
#include "plait/cluster/protocol/coordinator.hpp"
#include "plait/cluster/protocol/messages.hpp"
#include "plait/cluster/protocol/worker.hpp"
#include "plait/testing/seeds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace plait;
using namespace plait::cluster;
using namespace std::chrono_literals;

namespace {

/// How often each fault strikes, a step.
struct Faults {
    double worker_dies = 0;
    double coordinator_dies = 0;
    double broker_dies = 0;
    double member_stops = 0;
    double link_cut = 0;
    Duration longest = 8s;  ///< of a stop or a cut
};

/// What has to be true of the third party's log, and of the results.
struct Outcome {
    std::size_t unknown = 0;
    std::size_t lost = 0;
    std::size_t adopted = 0;
};

/// A run of some lines over a broker that loses, delays and repeats, with members that stop and die. Nothing is real
/// but the two state machines, and the bytes of their messages.
class Simulation {
  public:
    Simulation(std::uint64_t seed, Faults faults, std::size_t lines) : random_(seed), faults_(faults) {
        for (std::size_t line = 0; line < lines; ++line) lines_.emplace_back(line % 2 == 1);
        for (int n = 0; n < 3; ++n) add_worker();
        open();
    }

    Outcome play() {
        const TimePoint trouble_until = now_ + 20s;
        const TimePoint end = now_ + 300s;
        while (done_ < lines_.size()) {
            REQUIRE_MESSAGE(now_ < end, "a line waits for ever");
            now_ += std::chrono::microseconds(1000 + random_() % 20'000);
            if (now_ < trouble_until) strike();
            deliver();
            for (auto& [instance, worker] : workers_) step(instance, worker);
            step_coordinator();
        }
        return outcome_;
    }

  private:
    struct Line {
        explicit Line(bool is_unsafe_) : is_unsafe(is_unsafe_) {}
        bool is_unsafe;
        int executed = 0;
        bool is_noted = false;       ///< in the journal
        std::uint64_t noted_in = 0;  ///< epoch
        bool is_done = false;        ///< has a result
        bool is_out = false;         ///< given to a worker, in this epoch
        bool was_adopted = false;    ///< in this epoch
        bool was_promised = false;
    };
    struct Work {
        CallId call;
        TimePoint ends;
        std::string answer;
    };
    struct Member {
        std::uint64_t connection = 1;
        TimePoint cut_until{};
        TimePoint stopped_until{};
        TimePoint next_beat{};
    };
    struct SimulatedWorker : Member {
        explicit SimulatedWorker(WorkerOptions options) : machine(std::move(options)) {}
        Worker machine;
        std::vector<Work> work;
        Duration clock{};
    };
    struct Letter {
        TimePoint arrives;
        std::uint64_t order;
        Instance from, to;  // 0: the coordinator
        std::uint64_t from_connection, to_connection;
        bool is_stray = false;  ///< brought late by a dead connection
        std::string bytes;
    };

    double draw() { return plait::draw(random_); }
    Duration up_to(Duration most) {
        return Duration(static_cast<Duration::rep>(draw() * static_cast<double>(most.count())));
    }

    void add_worker() {
        WorkerOptions options;
        options.instance = ++instances_;
        options.host = "host" + std::to_string(instances_);
        options.places = 4;
        auto worker = std::make_unique<SimulatedWorker>(options);
        worker->clock = up_to(10h);
        workers_.emplace(instances_, std::move(worker));
    }

    /// A coordinator opens the state file.
    void open() {
        CoordinatorOptions options;
        options.epoch = ++epoch_;
        options.nonce = random_();
        options.terms = "terms";
        coordinator_ = std::make_unique<Coordinator>(options);
        calls_.clear();
        for (Line& line : lines_) line.is_out = line.was_adopted = line.was_promised = false;
        ++home_.connection;
    }

    void cut(Member& member, Duration most) {
        member.cut_until = now_ + up_to(most);
        ++member.connection;
    }

    void strike() {
        if (draw() < faults_.worker_dies) {
            auto victim = workers_.begin();
            std::advance(victim, static_cast<long>(random_() % workers_.size()));
            workers_.erase(victim);
            add_worker();
        }
        if (draw() < faults_.coordinator_dies) {
            coordinator_.reset();
            reopen_ = now_ + up_to(4s);
        }
        if (draw() < faults_.broker_dies) {
            const Duration down = up_to(1s);
            cut(home_, down);
            for (auto& [instance, worker] : workers_) {
                cut(*worker, 300ms);
                worker->cut_until += down;
            }
        }
        Member& member = random_() % 3 == 0
                             ? home_
                             : *std::next(workers_.begin(), static_cast<long>(random_() % workers_.size()))->second;
        if (draw() < faults_.member_stops) member.stopped_until = now_ + up_to(faults_.longest);
        if (draw() < faults_.link_cut) cut(member, faults_.longest);
    }

    Member& member(Instance instance) { return instance == 0 ? home_ : static_cast<Member&>(*workers_.at(instance)); }

    void post(Instance from, Instance to, const Message& message) {
        if (now_ < member(from).cut_until && random_() % 2) return;  // into a dead connection
        const TimePoint arrives = std::max(now_ + up_to(3ms), last_arrival_[{from, to}]);
        last_arrival_[{from, to}] = arrives;
        Letter letter{arrives, ++letters_sent_, from, to, member(from).connection, member(to).connection,
                      false,   encode(message)};
        if (random_() % 50 == 0) {  // again, later
            Letter again = letter;
            again.is_stray = true;
            again.arrives += up_to(6s);
            letters_.push_back(std::move(again));
        }
        letters_.push_back(std::move(letter));
    }

    void deliver() {
        std::vector<Letter> due;
        std::erase_if(letters_, [&](Letter& letter) {
            if (letter.arrives > now_) return false;
            const bool has_receiver = letter.to == 0 ? coordinator_ != nullptr : workers_.contains(letter.to);
            if (!has_receiver) return true;
            if (now_ < member(letter.to).stopped_until) return false;  // waits in the socket
            const bool is_sender_there = letter.from == 0 || workers_.contains(letter.from);
            const bool is_broken = letter.to_connection != member(letter.to).connection || !is_sender_there ||
                                   letter.from_connection != member(letter.from).connection;
            if (is_broken && !letter.is_stray) {
                if (random_() % 2) return true;
                letter.is_stray = true;
                letter.arrives += up_to(3s);
                return false;
            }
            due.push_back(std::move(letter));
            return true;
        });
        std::sort(due.begin(), due.end(), [](const Letter& a, const Letter& b) {
            return std::pair(a.arrives, a.order) < std::pair(b.arrives, b.order);
        });
        for (Letter& letter : due) {
            if (letter.to == 0) {
                coordinator_->receive(decode(letter.bytes), now_);
            } else {
                SimulatedWorker& worker = *workers_.at(letter.to);
                worker.machine.receive(decode(letter.bytes), now_ + worker.clock);
                act(worker);
            }
        }
    }

    void act(SimulatedWorker& worker) {
        for (Worker::Action& action : worker.machine.take_actions()) {
            if (auto* start = std::get_if<Worker::Start>(&action)) {
                Line& line = lines_.at(std::stoul(start->name));
                CHECK(start->request == request_of(std::stoul(start->name)));
                const bool is_refused = random_() % 10 == 0;
                if (!is_refused) ++line.executed;
                REQUIRE_MESSAGE((!line.is_unsafe || line.executed <= 1), "an unsafe request was executed twice");
                worker.work.push_back(
                    {start->call, now_ + up_to(500ms), is_refused ? "refused" : answer_of(random_())});
            } else if (auto* cancel = std::get_if<Worker::Cancel>(&action)) {
                std::erase_if(worker.work, [&](const Work& work) { return work.call == cancel->call; });
                worker.machine.finished(cancel->call, true, "cancelled", now_ + worker.clock);
            }
        }
    }

    std::string request_of(std::size_t line) const {
        return std::string(line % 7 == 0 ? part_bytes + 1 + line : line, 'r');
    }
    static std::string answer_of(std::uint64_t drawn) {
        return std::string(drawn % 11 == 0 ? 2 * part_bytes + 7 : 5, 'a');
    }

    void step(Instance instance, std::unique_ptr<SimulatedWorker>& worker) {
        if (now_ < worker->stopped_until) return;
        std::vector<Work> ended;
        std::erase_if(worker->work, [&](Work& work) {
            if (work.ends > now_) return false;
            ended.push_back(std::move(work));
            return true;
        });
        for (Work& work : ended)
            worker->machine.finished(work.call, true, std::move(work.answer), now_ + worker->clock);
        if (now_ >= worker->next_beat) {
            worker->next_beat = now_ + beat_interval;
            worker->machine.beat(now_ + worker->clock);
        }
        for (const Message& message : worker->machine.take_outgoing()) post(instance, 0, message);
    }

    void step_coordinator() {
        if (!coordinator_ && now_ >= reopen_) open();
        if (!coordinator_ || now_ < home_.stopped_until) return;
        if (now_ >= home_.next_beat && now_ >= home_.cut_until) {
            home_.next_beat = now_ + beat_interval;
            coordinator_->beat(now_);
        }
        REQUIRE(coordinator_->conflict() == "");
        take_ends();
        if (coordinator_->own_beats() >= beats_until_lost) start_calls();
        for (auto& outgoing : coordinator_->take_outgoing()) {
            using To = Coordinator::Outgoing::To;
            if (outgoing.to == To::itself) post(0, 0, outgoing.message);
            if (outgoing.to == To::worker && workers_.contains(outgoing.worker))
                post(0, outgoing.worker, outgoing.message);
            if (outgoing.to != To::all_workers) continue;
            for (const auto& [instance, worker] : workers_) post(0, instance, outgoing.message);
        }
    }

    void write_result(Line& line) {
        REQUIRE_MESSAGE(!line.is_done, "a line has two results");
        line.is_done = true;
        ++done_;
    }

    void take_ends() {
        for (CallEnded& ended : coordinator_->take_ended()) {
            const auto found = calls_.find(ended.dispatch.call);
            REQUIRE_MESSAGE(found != calls_.end(), "a call ended twice");
            Line& line = lines_[found->second];
            calls_.erase(found);
            line.is_out = false;
            if (ended.how == CallEnded::How::answered) {
                if (ended.text != "refused") write_result(line);
                coordinator_->stored(ended.dispatch);
                // Surely not executed, so an unsafe request may be sent again; unless an earlier coordinator may
                // have done that already.
                if (ended.text == "refused" && line.is_unsafe && line.was_adopted) give_in(line);
                if (!line.is_unsafe) line.was_adopted = false;
            } else if (ended.how == CallEnded::How::not_sent) {
                CHECK_FALSE(line.was_adopted);
                if (line.noted_in == epoch_) line.is_noted = false;
            } else if (line.is_unsafe) {
                give_in(line);
            } else {
                ++outcome_.lost;
                line.was_adopted = false;
            }
        }
    }

    void give_in(Line& line) {
        ++outcome_.unknown;
        write_result(line);
    }

    void start_calls() {
        std::size_t in_flight = calls_.size();
        for (std::size_t n = 0; n < lines_.size() && in_flight < coordinator_->room(now_); ++n) {
            Line& line = lines_[n];
            if (line.is_done || line.is_out) continue;
            const std::string name = std::to_string(n);
            std::optional<Dispatch> dispatch = coordinator_->adopt(name);
            if (dispatch) {
                line.was_adopted = true;
                ++outcome_.adopted;
            } else if (line.is_unsafe && line.is_noted && line.noted_in < epoch_) {
                give_in(line);
                continue;
            } else {
                if (line.is_unsafe && !line.is_noted) {
                    line.is_noted = true;
                    line.noted_in = epoch_;
                }
                dispatch = coordinator_->dispatch(name, request_of(n), now_);
                if (!dispatch) return;
                if (random_() % 40 == 0 && !line.is_unsafe) {  // and nobody waits for it
                    coordinator_->give_up(*dispatch);
                    continue;
                }
            }
            line.is_out = true;
            calls_.emplace(dispatch->call, n);
            ++in_flight;
        }
    }

    Random random_;
    const Faults faults_;
    TimePoint now_{1000h};
    std::vector<Line> lines_;
    std::size_t done_ = 0;
    Outcome outcome_;
    std::uint64_t epoch_ = 0;
    Instance instances_ = 0;
    Member home_;
    TimePoint reopen_{};
    std::unique_ptr<Coordinator> coordinator_;
    std::map<Instance, std::unique_ptr<SimulatedWorker>> workers_;
    std::map<CallId, std::size_t> calls_;
    std::deque<Letter> letters_;
    std::uint64_t letters_sent_ = 0;
    std::map<std::pair<Instance, Instance>, TimePoint> last_arrival_;
};

Outcome play_all(std::uint64_t count, const Faults& faults) {
    Outcome sum;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        CAPTURE(seed);
        const Outcome one = Simulation(seed, faults, 60).play();
        sum.unknown += one.unknown;
        sum.lost += one.lost;
        sum.adopted += one.adopted;
    }
    return sum;
}

}  // namespace

TEST_CASE("whoever dies, stops or is cut off, each line has one result and no unsafe request is executed twice") {
    const Outcome outcome = play_all(testing::seeds(200), {.worker_dies = 0.002,
                                                           .coordinator_dies = 0.002,
                                                           .broker_dies = 0.002,
                                                           .member_stops = 0.002,
                                                           .link_cut = 0.002});
    CHECK(outcome.unknown > 0);
    CHECK(outcome.adopted > 0);
}

TEST_CASE("short stops, short cuts and a broker that dies make nothing unknown and lose nothing") {
    const Outcome outcome = play_all(
        testing::seeds(100), {.broker_dies = 0.003, .member_stops = 0.003, .link_cut = 0.003, .longest = 1500ms});
    CHECK(outcome.unknown == 0);
    CHECK(outcome.lost == 0);
}

TEST_CASE("without faults, every call is made once") {
    const Outcome outcome = play_all(testing::seeds(20), {});
    CHECK(outcome.unknown == 0);
    CHECK(outcome.lost == 0);
}
