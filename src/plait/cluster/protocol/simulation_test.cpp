#include "plait/base/random.hpp"
#include "plait/cluster/protocol/coordinator.hpp"
#include "plait/cluster/protocol/messages.hpp"
#include "plait/cluster/protocol/worker.hpp"
#include "plait/testing/seeds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace plait;
using namespace plait::cluster;
using namespace std::chrono_literals;

namespace {

/// What is simulated.
struct Setting {
    std::size_t lines = 12;
    /// How often each fault strikes, a second.
    double worker_dies = 0;
    double coordinator_dies = 0;
    double broker_dies = 0;
    double member_stops = 0;
    double link_cut = 0;
    Duration longest = 8s;    ///< of a stop or a cut
    Duration trouble = 3s;    ///< how long faults strike
    bool is_encoded = false;  ///< messages travel as bytes, and large texts are as large as real ones
};

/// What came of it.
struct Outcome {
    std::size_t unknown = 0;
    std::size_t lost = 0;
    std::size_t adopted = 0;

    void operator+=(const Outcome& other) {
        unknown += other.unknown;
        lost += other.lost;
        adopted += other.adopted;
    }
};

/// Fails the test. The macros of doctest take too long where nothing fails.
void require(bool is_true, const char* what) {
    if (!is_true) FAIL(std::string(what));  // of a pointer, doctest would print the address
}

/// A run of some lines over a broker that loses, delays and repeats, with members that stop and die. Nothing is real
/// but the two state machines. Time jumps from event to event.
class Simulation {
  public:
    Simulation(std::uint64_t seed, const Setting& setting) : random_(seed), setting_(setting) {
        for (std::size_t line = 0; line < setting.lines; ++line) {
            lines_.emplace_back();
            lines_.back().is_unsafe = line % 2 == 1;
            lines_.back().name = std::to_string(line);
        }
        for (int n = 0; n < 3; ++n) add_worker();
        open();
    }

    Outcome play() {
        const TimePoint begin = now_;
        TimePoint next_strike = begin;
        while (done_ < lines_.size()) {
            require(now_ - begin < 300s, "a line waits for ever");
            now_ = std::max(now_, next_event());
            if (now_ - begin < setting_.trouble && now_ >= next_strike) {
                strike();
                next_strike = now_ + strike_interval;
            }
            deliver();
            for (auto& [instance, worker] : workers_) step(instance, *worker);
            step_coordinator();
        }
        return outcome_;
    }

  private:
    static constexpr Duration strike_interval = 20ms;
    static constexpr std::size_t small_part = 16;

    struct Line {
        std::string name;
        bool is_unsafe = false;
        int executed = 0;
        bool is_noted = false;       ///< in the journal
        std::uint64_t noted_in = 0;  ///< epoch
        bool is_done = false;        ///< has a result
        bool is_out = false;         ///< given to a worker, or its result is being written, in this epoch
        bool was_adopted = false;    ///< in this epoch
        Instance answered_by = 0;    ///< who holds its answer
    };
    struct Work {
        CallId call;
        std::size_t line;
        TimePoint ends;
        std::string answer;
    };
    struct Member {
        std::uint64_t connection = 1;
        TimePoint cut_until{};
        TimePoint stopped_until{};
        TimePoint next_beat{};

        TimePoint beats_at() const { return std::max(next_beat, stopped_until); }
    };
    struct SimulatedWorker : Member {
        explicit SimulatedWorker(WorkerOptions options) : machine(std::move(options)) {}
        Worker machine;
        std::vector<Work> work;
        Duration clock{};
    };
    struct Letter {
        Instance from = 0, to = 0;  // 0: the coordinator
        std::uint64_t from_connection = 0, to_connection = 0;
        bool is_stray = false;  ///< brought late by a dead connection
        Message message;
    };
    /// When a letter arrives; equal times: in the order of sending.
    struct Arrival {
        TimePoint at;
        std::uint64_t order;
        std::size_t letter;

        bool operator<(const Arrival& other) const {
            return std::pair(other.at, other.order) < std::pair(at, order);  // the earliest is the top of a heap
        }
    };
    /// A result on its way to the file.
    struct Write {
        TimePoint ends;
        std::size_t line;
        std::optional<Dispatch> told;  ///< who is told when it is written
    };

    double draw() { return plait::draw(random_); }
    Duration up_to(Duration most) {
        return Duration(static_cast<Duration::rep>(draw() * static_cast<double>(most.count())));
    }
    bool one_in(std::uint64_t count) { return random_() % count == 0; }
    std::size_t part_size() const { return setting_.is_encoded ? part_bytes : small_part; }

    void add_worker() {
        WorkerOptions options;
        options.instance = ++instances_;
        options.host = "host" + std::to_string(instances_);
        options.slots = 4;
        options.part_bytes = part_size();
        auto worker = std::make_unique<SimulatedWorker>(options);
        worker->clock = up_to(10h);
        worker->next_beat = now_ + up_to(beat_interval);
        workers_.emplace(instances_, std::move(worker));
    }

    /// A coordinator opens the state file.
    void open() {
        CoordinatorOptions options;
        options.epoch = ++epoch_;
        options.nonce = random_();
        options.terms = "terms";
        options.part_bytes = part_size();
        coordinator_ = std::make_unique<Coordinator>(options);
        calls_.clear();
        writes_.clear();
        for (Line& line : lines_) line.is_out = line.was_adopted = false;
        ++home_.connection;
    }

    void cut(Member& member, Duration most) {
        member.cut_until = now_ + up_to(most);
        ++member.connection;
    }

    void strike() {
        const auto hits = [&](double a_second) {
            constexpr double interval = std::chrono::duration<double>(strike_interval).count();
            return a_second > 0 && draw() < a_second * interval;
        };
        if (hits(setting_.worker_dies)) {
            auto victim = workers_.begin();
            std::advance(victim, static_cast<long>(random_() % workers_.size()));
            workers_.erase(victim);
            add_worker();
        }
        if (hits(setting_.coordinator_dies)) {
            if (coordinator_ && calls_.empty()) {  // it is interrupted
                coordinator_->close(false);
                post_outgoing();
            }
            coordinator_.reset();
            reopen_ = now_ + up_to(4s);
        }
        if (hits(setting_.broker_dies)) {
            const Duration down = up_to(1s);
            cut(home_, down);
            for (auto& [instance, worker] : workers_) {
                cut(*worker, 300ms);
                worker->cut_until += down;
            }
        }
        Member& member =
            one_in(3) ? home_ : *std::next(workers_.begin(), static_cast<long>(random_() % workers_.size()))->second;
        if (hits(setting_.member_stops)) member.stopped_until = now_ + up_to(setting_.longest);
        if (hits(setting_.link_cut)) cut(member, setting_.longest);
    }

    TimePoint next_event() const {
        TimePoint next = now_ + 1s;
        if (!arrivals_.empty()) next = std::min(next, arrivals_.top().at);
        if (!coordinator_) {
            next = std::min(next, reopen_);
        } else {
            next = std::min(next, std::max(home_.beats_at(), home_.cut_until));
            for (const Write& write : writes_) next = std::min(next, std::max(write.ends, home_.stopped_until));
        }
        for (const auto& [instance, worker] : workers_) {
            next = std::min(next, worker->beats_at());
            for (const Work& work : worker->work) next = std::min(next, std::max(work.ends, worker->stopped_until));
        }
        return next;
    }

    Member& member(Instance instance) { return instance == 0 ? home_ : static_cast<Member&>(*workers_.at(instance)); }

    void post(Instance from, Instance to, Message message) {
        if (now_ < member(from).cut_until && one_in(2)) return;  // into a dead connection
        TimePoint& last = last_arrival_[{from, to}];
        last = std::max(now_ + up_to(3ms), last);
        Letter letter;
        letter.from = from;
        letter.to = to;
        letter.from_connection = member(from).connection;
        letter.to_connection = member(to).connection;
        letter.message = setting_.is_encoded ? decode(encode(message)) : std::move(message);
        ++letters_sent_;
        if (one_in(50)) {  // again, later
            Letter again = letter;
            again.is_stray = true;
            put(last + up_to(6s), letters_sent_, std::move(again));
        }
        put(last, letters_sent_, std::move(letter));
    }

    void put(TimePoint arrives, std::uint64_t order, Letter&& letter) {
        if (free_.empty()) {
            free_.push_back(letters_.size());
            letters_.emplace_back();
        }
        letters_[free_.back()] = std::move(letter);
        arrivals_.push({arrives, order, free_.back()});
        free_.pop_back();
    }

    void deliver() {
        while (!arrivals_.empty() && arrivals_.top().at <= now_) {
            const Arrival arrival = arrivals_.top();
            arrivals_.pop();
            Letter& letter = letters_[arrival.letter];
            const bool has_receiver = letter.to == 0 ? coordinator_ != nullptr : workers_.contains(letter.to);
            if (has_receiver) {
                const TimePoint later = delayed(letter);
                if (later > now_) {
                    arrivals_.push({later, arrival.order, arrival.letter});
                    continue;
                }
                if (later == now_) hand_over(letter);
            }
            free_.push_back(arrival.letter);
        }
    }

    /// When a letter that has arrived can be taken; a time before now: never.
    TimePoint delayed(Letter& letter) {
        const Member& receiver = member(letter.to);
        if (now_ < receiver.stopped_until) return receiver.stopped_until;  // waits in the socket
        const bool is_sender_there = letter.from == 0 || workers_.contains(letter.from);
        const bool is_broken = letter.to_connection != receiver.connection || !is_sender_there ||
                               letter.from_connection != member(letter.from).connection;
        if (!is_broken || letter.is_stray) return now_;
        if (one_in(2)) return TimePoint();
        letter.is_stray = true;
        return now_ + 1ns + up_to(3s);
    }

    void hand_over(Letter& letter) {
        if (letter.to == 0) {
            coordinator_->receive(std::move(letter.message), now_);
            return;
        }
        SimulatedWorker& worker = *workers_.at(letter.to);
        worker.machine.receive(std::move(letter.message), now_ + worker.clock);
        act(worker);
    }

    void act(SimulatedWorker& worker) {
        for (Worker::Action& action : worker.machine.take_actions()) {
            if (auto* start = std::get_if<Worker::Start>(&action)) {
                const std::size_t number = number_in(start->request);
                Line& line = lines_.at(number);
                require(start->request == request_of(number), "a request arrives as it was sent");
                require(!line.is_unsafe || start->name == line.name, "an unsafe request has its name");
                const bool is_refused = one_in(10);
                if (!is_refused) ++line.executed;
                require(!line.is_unsafe || line.executed <= 1, "an unsafe request was executed twice");
                worker.work.push_back({start->call, number, now_ + up_to(500ms), is_refused ? "refused" : answer()});
            } else if (auto* cancel = std::get_if<Worker::Cancel>(&action)) {
                std::erase_if(worker.work, [&](const Work& work) { return work.call == cancel->call; });
                worker.machine.finished(cancel->call, true, "cancelled", now_ + worker.clock);
            }
        }
    }

    /// The number of its line, and perhaps much more.
    std::string request_of(std::size_t line) const {
        return lines_[line].name + std::string(line % 7 == 0 ? part_size() + 1 + line : 1, 'r');
    }
    static std::size_t number_in(const std::string& request) { return std::stoul(request); }
    std::string answer() { return one_in(11) ? std::string(2 * part_size() + 7, 'a') : "aaaaa"; }

    void step(Instance instance, SimulatedWorker& worker) {
        if (now_ < worker.stopped_until) return;
        for (std::size_t n = 0; n < worker.work.size();) {
            if (worker.work[n].ends > now_) {
                ++n;
                continue;
            }
            Work work = std::move(worker.work[n]);
            worker.work.erase(worker.work.begin() + static_cast<long>(n));
            if (work.answer != "refused") lines_[work.line].answered_by = instance;
            worker.machine.finished(work.call, true, std::move(work.answer), now_ + worker.clock);
        }
        if (now_ >= worker.next_beat) {
            worker.next_beat = now_ + beat_interval;
            worker.machine.beat(now_ + worker.clock);
        }
        for (Message& message : worker.machine.take_outgoing()) post(instance, 0, std::move(message));
    }

    void step_coordinator() {
        if (!coordinator_ && now_ >= reopen_) open();
        if (!coordinator_ || now_ < home_.stopped_until) return;
        if (now_ >= home_.next_beat && now_ >= home_.cut_until) {
            home_.next_beat = now_ + beat_interval;
            coordinator_->beat(now_);
        }
        require(coordinator_->conflict().empty(), "there is one coordinator");
        take_ends();
        write();
        if (coordinator_->own_beats() >= (epoch_ == 1 ? 1 : beats_until_lost)) start_calls();
        post_outgoing();
    }

    void post_outgoing() {
        for (auto& outgoing : coordinator_->take_outgoing()) {
            using To = Coordinator::Outgoing::To;
            if (outgoing.to == To::all_workers) {
                for (const auto& [instance, worker] : workers_) post(0, instance, outgoing.message);
            } else if (outgoing.to == To::itself) {
                post(0, 0, std::move(outgoing.message));
            } else if (workers_.contains(outgoing.worker)) {
                post(0, outgoing.worker, std::move(outgoing.message));
            }
        }
    }

    /// The result of a line is on its way to the file.
    void begin_write(std::size_t number, std::optional<Dispatch> told) {
        lines_[number].is_out = true;
        writes_.push_back({now_ + up_to(100ms), number, told});
    }

    void write() {
        for (std::size_t n = 0; n < writes_.size();) {
            if (writes_[n].ends > now_) {
                ++n;
                continue;
            }
            const Write written = writes_[n];
            writes_.erase(writes_.begin() + static_cast<long>(n));
            Line& line = lines_[written.line];
            require(!line.is_done, "a line has two results");
            line.is_done = true;
            ++done_;
            if (written.told) coordinator_->stored(*written.told);
        }
    }

    void take_ends() {
        for (CallEnded& ended : coordinator_->take_ended()) {
            const auto found = calls_.find(ended.dispatch.call);
            require(found != calls_.end(), "a call ended twice");
            const std::size_t number = found->second;
            Line& line = lines_[number];
            calls_.erase(found);
            line.is_out = false;
            if (ended.how == CallEnded::How::answered) {
                take_answer(number, ended);
            } else if (ended.how == CallEnded::How::not_sent) {
                require(!line.was_adopted, "what was taken over is never taken back");
                if (line.noted_in == epoch_) line.is_noted = false;
            } else if (line.is_unsafe) {
                give_in(number);
            } else {
                ++outcome_.lost;
                line.was_adopted = false;
            }
        }
    }

    void take_answer(std::size_t number, const CallEnded& ended) {
        Line& line = lines_[number];
        const bool is_refused = ended.text == "refused";
        const bool is_told_later = line.is_unsafe && !is_refused;
        if (!is_refused) begin_write(number, is_told_later ? std::optional(ended.dispatch) : std::nullopt);
        if (!is_told_later) coordinator_->stored(ended.dispatch);
        // Surely not executed, so an unsafe request may be sent again; unless an earlier coordinator may have done that
        // already.
        if (is_refused && line.is_unsafe && line.was_adopted) give_in(number);
        if (!line.is_unsafe) line.was_adopted = false;
    }

    void give_in(std::size_t number) {
        ++outcome_.unknown;
        begin_write(number, std::nullopt);
    }

    void start_calls() {
        std::size_t in_flight = calls_.size();
        const std::size_t room = coordinator_->room(now_);
        for (std::size_t n = 0; n < lines_.size() && in_flight < room; ++n) {
            Line& line = lines_[n];
            if (line.is_done || line.is_out) continue;
            std::optional<Dispatch> dispatch = coordinator_->adopt(line.name);
            if (dispatch) {
                line.was_adopted = true;
                ++outcome_.adopted;
            } else if (line.is_unsafe && line.is_noted && line.noted_in < epoch_) {
                const bool is_held = line.answered_by != 0 && workers_.contains(line.answered_by);
                require(!is_held || setting_.member_stops > 0 || setting_.link_cut > 0 || setting_.broker_dies > 0,
                        "an answer that a worker holds is unknown");
                give_in(n);
                continue;
            } else {
                if (line.is_unsafe && !line.is_noted) {
                    line.is_noted = true;
                    line.noted_in = epoch_;
                }
                const std::string_view name = line.is_unsafe ? std::string_view(line.name) : std::string_view();
                dispatch = coordinator_->dispatch(name, request_of(n), now_);
                if (!dispatch) return;
                if (!line.is_unsafe && one_in(40)) {  // and nobody waits for it
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
    const Setting setting_;
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
    std::vector<Write> writes_;
    std::vector<Letter> letters_;
    std::vector<std::size_t> free_;
    std::priority_queue<Arrival> arrivals_;
    std::uint64_t letters_sent_ = 0;
    std::map<std::pair<Instance, Instance>, TimePoint> last_arrival_;
};

Outcome play_all(std::uint64_t count, const Setting& setting) {
    Outcome sum;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        CAPTURE(seed);
        sum += Simulation(seed, setting).play();
    }
    return sum;
}

/// Everything, often.
constexpr Setting all_faults{
    .worker_dies = 0.3, .coordinator_dies = 0.3, .broker_dies = 0.3, .member_stops = 0.3, .link_cut = 0.3};

}  // namespace

TEST_CASE("whoever dies, stops or is cut off, each line has one result and no unsafe request is executed twice") {
    const Outcome outcome = play_all(testing::seeds(500), all_faults);
    CHECK(outcome.unknown > 0);
    CHECK(outcome.adopted > 0);
}

TEST_CASE("so it is in long runs, with messages as bytes and texts that travel in parts of the real size") {
    Setting setting = all_faults;
    setting.lines = 60;
    setting.trouble = 20s;
    setting.is_encoded = true;
    CHECK(play_all(testing::seeds(5), setting).unknown > 0);
}

TEST_CASE("short stops, short cuts and a broker that dies make nothing unknown and lose nothing") {
    const Outcome outcome =
        play_all(testing::seeds(200), {.broker_dies = 0.3, .member_stops = 0.3, .link_cut = 0.3, .longest = 1500ms});
    CHECK(outcome.unknown == 0);
    CHECK(outcome.lost == 0);
}

TEST_CASE("no coordinator that dies makes an answer unknown that a worker holds") {
    const Outcome outcome = play_all(testing::seeds(200), {.coordinator_dies = 0.5});
    CHECK(outcome.adopted > 0);
}

TEST_CASE("without faults, every call is made once") {
    const Outcome outcome = play_all(testing::seeds(100), {});
    CHECK(outcome.unknown == 0);
    CHECK(outcome.lost == 0);
}
