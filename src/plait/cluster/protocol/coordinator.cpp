#include "plait/cluster/protocol/coordinator.hpp"

#include "plait/base/assert.hpp"

#include <algorithm>
#include <variant>

namespace plait::cluster {

using How = CallEnded::How;

Coordinator::Coordinator(CoordinatorOptions options) : options_(std::move(options)) {}

void Coordinator::beat(TimePoint now) {
    ++own_count_;
    outgoing_.push_back({Outgoing::To::all_workers, 0, EpochNews{options_.epoch, options_.nonce, options_.version}});
    outgoing_.push_back({Outgoing::To::itself, 0, OwnBeat{options_.epoch, options_.nonce, own_count_}});
    for (auto& [instance, worker] : workers_) {
        for (auto& [id, call] : worker.calls) {
            const bool is_stuck = call.fetch && call.fetch->is_active && now - call.fetch->asked > resend_interval;
            if (!is_stuck) continue;
            call.fetch->asked = now;
            send(worker, PartRequest{instance, id, call.fetch->text.size()});
        }
    }
    begin_fetches(now);
}

void Coordinator::receive(Message message, TimePoint now) {
    std::visit([&](auto& m) { take(std::move(m), now); }, message);
}

// C3: a worker is lost when enough of our own beats came back through the broker since its last one. If the broker is
// down, or we are cut off from it, our beats don't come back, and nobody is lost. Those that were lost don't count:
// else the first one after a cut would stand for all of them, and workers would be lost that had no time to be heard.
void Coordinator::take(OwnBeat&& beat, TimePoint now) {
    if (beat.epoch == options_.epoch && beat.nonce == options_.nonce) {
        if (beat.count <= last_own_) return;  // repeated or overtaken
        last_own_ = beat.count;
        ++own_seen_;
        lose_silent(now);
    } else if (beat.epoch >= options_.epoch) {
        conflict_ = beat.epoch == options_.epoch ? "another coordinator runs with a copy of the same state file"
                                                 : "another coordinator has resumed this run";
    }
}

void Coordinator::lose_silent(TimePoint now) {
    for (auto& [instance, worker] : workers_) {
        const bool is_silent = own_seen_ - worker.own_seen_at_beat >= beats_until_lost;
        if (is_silent && !worker.report.lost_at) lose(worker, now);
    }
}

void Coordinator::lose(Worker& worker, TimePoint now) {
    worker.report.lost_at = now;
    worker.report.slots = 0;
    for (auto call = worker.calls.begin(); call != worker.calls.end();) {
        const auto current = call++;
        // If the worker comes back, it holds an answer until that is stored.
        if (current->second.has_ended) continue;
        if (!current->second.is_given_up) ++worker.report.lost_calls;
        end(worker, current, How::lost, "its worker was lost: " + worker.report.host);
    }
    worker.to_forget.clear();
    std::erase_if(adoptable_, [&](const auto& entry) { return entry.second.worker == worker.report.instance; });
}

Coordinator::Worker& Coordinator::meet(const Beat& beat) {
    auto [found, is_new] = workers_.try_emplace(beat.instance);
    Worker& worker = found->second;
    if (is_new) {
        worker.report.instance = beat.instance;
        worker.report.number = workers_.size();
        worker.report.host = beat.host;
        worker.report.version = beat.version;
    }
    return worker;
}

void Coordinator::take(Beat&& beat, TimePoint now) {
    if (beat.epoch != options_.epoch) return;  // it has not heard of us yet
    Worker& worker = meet(beat);
    if (beat.count <= worker.beat_count) return;  // repeated or overtaken
    worker.beat_count = beat.count;
    worker.own_seen_at_beat = own_seen_;
    worker.last_beat = now;
    worker.report.lost_at.reset();
    worker.report.slots = std::min<std::uint64_t>(beat.slots, most_slots);
    worker.report.is_leaving = beat.is_leaving;
    worker.elsewhere = std::min<std::uint64_t>(beat.elsewhere, most_slots);
    worker.has_terms = beat.has_terms;
    worker.is_held_back = false;
    compare_holds(worker, beat);
    if (!worker.has_terms) teach(worker);
    tell_forgotten(worker);
    send(worker, Ping{options_.epoch, worker.seq, beat.count, now});
}

/// Tells a worker the terms. A broker that lacks a permission for them says so only to whose permission it is.
void Coordinator::teach(Worker& worker) {
    send(worker, Terms{options_.epoch, options_.terms});
    if (++worker.deaf_beats != beats_until_doubt) return;
    warnings_.push_back("the worker at " + worker.report.host +
                        " does not seem to hear this run: does its login, or that of the run, lack a permission "
                        "(docs/cluster.md has those that are needed)?");
}

void Coordinator::compare_holds(Worker& worker, const Beat& beat) {
    std::vector<CallId> held;
    held.reserve(beat.holds.size());
    for (const Hold& hold : beat.holds) {
        held.push_back(hold.call);
        if (worker.calls.contains(hold.call)) continue;
        if (hold.call.epoch < options_.epoch && !adopted_.contains(hold.name)) {
            note_adoptable(worker, hold);
        } else {
            forget(worker, hold.call);  // its end was handled, and the news was lost
        }
    }
    if (!std::is_sorted(held.begin(), held.end())) std::sort(held.begin(), held.end());  // workers list them in order
    for (auto call = worker.calls.begin(); call != worker.calls.end();) {
        const auto current = call++;
        const auto& [id, state] = *current;
        if (state.has_ended || std::binary_search(held.begin(), held.end(), id)) continue;
        if (!state.is_adopted && state.seq <= beat.seen) {
            // C2: it was not taken before this beat, or it would be held (W2, W5), and can't be taken after it.
            end(worker, current, How::not_sent, "the order to send it was lost on the way to its worker");
        } else if (state.is_adopted && beat.lists_all) {
            end(worker, current, How::lost, "its worker has forgotten it");
        }
    }
}

// C5. Of several dispatches of one name, only the newest can still be wanted.
void Coordinator::note_adoptable(Worker& worker, const Hold& hold) {
    if (hold.name.empty()) return forget(worker, hold.call);  // it may be made again
    const auto [found, is_new] = adoptable_.try_emplace(hold.name, Adoptable{worker.report.instance, hold.call});
    Adoptable& known = found->second;
    if (is_new || known.call == hold.call) return;
    if (hold.call < known.call) return forget(worker, hold.call);
    forget(workers_.at(known.worker), known.call);
    known = {worker.report.instance, hold.call};
}

std::optional<Dispatch> Coordinator::adopt(std::string_view name) {
    const auto found = adoptable_.find(name);
    if (found == adoptable_.end()) return std::nullopt;
    const Adoptable adoptable = found->second;
    adoptable_.erase(found);
    adopted_.emplace(name);
    Call call;
    call.is_adopted = true;
    ++workers_.at(adoptable.worker).adopted;
    workers_.at(adoptable.worker).calls.emplace(adoptable.call, std::move(call));
    return Dispatch{adoptable.worker, adoptable.call};
}

void Coordinator::take(Result&& result, TimePoint now) {
    const auto found = workers_.find(result.instance);
    if (found == workers_.end()) return;  // its beat comes first
    Worker& worker = found->second;
    const auto call = worker.calls.find(result.call);
    if (call == worker.calls.end()) {
        // A result of an earlier epoch comes again: its call may yet be adopted.
        if (result.call.epoch != options_.epoch) return;
        ++late_results_;
        return forget(worker, result.call);
    }
    Call& state = call->second;
    if (state.has_ended) return;
    if (state.is_given_up) return end(worker, call, How::answered, {});
    if (!result.was_sent) {
        // C2: nothing goes to this worker before its next beat, or both would send this call to and fro.
        worker.is_held_back = true;
        const CallId id = result.call;
        // C5: what an earlier coordinator noted is never taken back: this need not be the last dispatch of its line.
        end(worker, call, state.is_adopted ? How::lost : How::not_sent, std::move(result.text.text));
        return forget(worker, id);
    }
    if (result.text.is_whole()) return answer(worker, call, std::move(result.text.text));
    if (!state.fetch) {
        state.fetch.emplace();
        state.fetch->size = result.text.size;
        state.fetch->text.reserve(std::min<std::uint64_t>(result.text.size, most_text_bytes));
    }
    begin_fetches(now);
}

// C4: the first result of a call counts. Its worker is told when it is stored.
void Coordinator::answer(Worker& worker, std::map<CallId, Call>::iterator call, std::string text) {
    Call& state = call->second;
    if (state.fetch && state.fetch->is_active) --fetches_;
    state.fetch.reset();
    state.has_ended = true;
    give_place_back(worker, state);
    std::string().swap(state.request);
    ended_.push_back({{worker.report.instance, call->first}, How::answered, std::move(text)});
}

void Coordinator::give_place_back(Worker& worker, const Call& call) {
    --(call.is_adopted ? worker.adopted : worker.in_slot);
}

/// Ends a call, and forgets it here.
void Coordinator::end(Worker& worker, std::map<CallId, Call>::iterator call, How how, std::string text) {
    const auto& [id, state] = *call;
    if (state.fetch && state.fetch->is_active) --fetches_;
    if (!state.has_ended) {
        give_place_back(worker, state);
        if (!state.is_given_up) {
            ended_.push_back({{worker.report.instance, id}, how, std::move(text)});
        } else if (how == How::answered) {
            forget(worker, id);
        }
    }
    worker.calls.erase(call);
}

void Coordinator::begin_fetches(TimePoint now) {
    for (auto& [instance, worker] : workers_) {
        for (auto& [id, call] : worker.calls) {
            if (fetches_ >= most_fetches) return;
            if (!call.fetch || call.fetch->is_active) continue;
            ++fetches_;
            call.fetch->is_active = true;
            call.fetch->asked = now;
            send(worker, PartRequest{instance, id, 0});
        }
    }
}

void Coordinator::take(Part&& part, TimePoint now) {
    const auto found = workers_.find(part.instance);
    if (found == workers_.end()) return;
    Worker& worker = found->second;
    const auto call = worker.calls.find(part.call);
    if (call == worker.calls.end() || !call->second.fetch) return;
    Fetch& fetch = *call->second.fetch;
    const bool is_next = fetch.is_active && part.offset == fetch.text.size() && !part.text.empty() &&
                         part.text.size() <= fetch.size - part.offset;
    if (!is_next) return;
    fetch.text += part.text;
    fetch.asked = now;
    if (fetch.text.size() < fetch.size) {
        send(worker, PartRequest{part.instance, part.call, fetch.text.size()});
    } else {
        answer(worker, call, std::move(fetch.text));
        begin_fetches(now);
    }
}

void Coordinator::take(PartRequest&& request, TimePoint) {
    const auto found = workers_.find(request.instance);
    if (found == workers_.end()) return;
    Worker& worker = found->second;
    const auto call = worker.calls.find(request.call);
    if (call == worker.calls.end() || request.offset >= call->second.request.size()) return;
    send(worker, Part{request.instance, request.call, request.offset,
                      call->second.request.substr(request.offset, options_.part_bytes)});
}

bool Coordinator::takes_calls(const Worker& worker, TimePoint now) const {
    return !worker.report.lost_at && !worker.report.is_leaving && worker.has_terms &&
           now - worker.last_beat < silence_until_stale;
}

std::size_t Coordinator::free_places(const Worker& worker) const {
    const std::size_t taken = worker.in_slot + worker.elsewhere;
    return worker.report.slots > taken ? worker.report.slots - taken : 0;
}

std::size_t Coordinator::room(TimePoint now) const {
    std::size_t room = 0;
    for (const auto& [instance, worker] : workers_) {
        const std::size_t out = worker.in_slot + worker.adopted;
        room += takes_calls(worker, now) && !worker.is_held_back ? out + free_places(worker) : out;
    }
    return room;
}

std::optional<Dispatch> Coordinator::dispatch(std::string_view name, std::string_view request, TimePoint now,
                                              std::optional<TimePoint> permitted) {
    Worker* best = nullptr;
    for (auto& [instance, worker] : workers_) {
        if (worker.is_held_back || free_places(worker) == 0 || !takes_calls(worker, now)) continue;
        if (!best || free_places(worker) > free_places(*best)) best = &worker;
    }
    if (!best) return std::nullopt;
    const CallId id{options_.epoch, next_number_++};
    Call call;
    call.seq = ++best->seq;
    CallOrder order{options_.epoch,
                    best->seq,
                    id.number,
                    std::string(name),
                    permitted.value_or(now),
                    options_.leave_within.value_or(Duration::max()),
                    Parcel(request, options_.part_bytes)};
    if (!order.request.is_whole()) call.request = request;
    ++best->in_slot;
    ++best->report.calls;
    best->calls.emplace(id, std::move(call));
    send(*best, std::move(order));
    return Dispatch{best->report.instance, id};
}

void Coordinator::give_up(const Dispatch& dispatch) {
    Worker& worker = workers_.at(dispatch.worker);
    const auto call = worker.calls.find(dispatch.call);
    if (call == worker.calls.end()) return;
    if (call->second.has_ended) return stored(dispatch);
    call->second.is_given_up = true;
    send(worker, GiveUp{{dispatch.call}});
}

void Coordinator::stored(const Dispatch& dispatch) {
    Worker& worker = workers_.at(dispatch.worker);
    const auto call = worker.calls.find(dispatch.call);
    if (call == worker.calls.end()) return;  // lost meanwhile
    PLAIT_ASSERT(call->second.has_ended, "only a result can be stored");
    worker.calls.erase(call);
    forget(worker, dispatch.call);
}

void Coordinator::forget(Worker& worker, const CallId& call) {
    worker.to_forget.push_back(call);
    if (worker.to_forget.size() >= stored_at_once) tell_forgotten(worker);
}

void Coordinator::tell_forgotten(Worker& worker) {
    if (!worker.to_forget.empty()) send(worker, Stored{std::exchange(worker.to_forget, {})});
}

void Coordinator::send(const Worker& worker, Message message) {
    outgoing_.push_back({Outgoing::To::worker, worker.report.instance, std::move(message)});
}

void Coordinator::close(bool has_finished) {
    for (auto& [instance, worker] : workers_) tell_forgotten(worker);
    if (has_finished || !may_be_taken_over())
        outgoing_.push_back({Outgoing::To::all_workers, 0, Close{options_.epoch}});
}

/// Whether workers may hold what a later coordinator needs. What they hold of earlier epochs is never known for sure:
/// one may be silent.
bool Coordinator::may_be_taken_over() const {
    if (options_.epoch > 1) return true;
    return std::any_of(workers_.begin(), workers_.end(), [](const auto& entry) {
        const auto& calls = entry.second.calls;
        return std::any_of(calls.begin(), calls.end(), [](const auto& call) { return call.second.has_ended; });
    });
}

std::vector<Coordinator::Outgoing> Coordinator::take_outgoing() { return std::exchange(outgoing_, {}); }

std::vector<WorkerReport> Coordinator::workers() const {
    std::vector<WorkerReport> reports;
    for (const auto& [instance, worker] : workers_) {
        reports.push_back(worker.report);
        reports.back().in_flight = worker.in_slot + worker.adopted;
    }
    std::sort(reports.begin(), reports.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return reports;
}

}  // namespace plait::cluster
