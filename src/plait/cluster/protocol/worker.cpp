#include "plait/cluster/protocol/worker.hpp"

#include "plait/base/assert.hpp"

#include <variant>

namespace plait::cluster {

Duration Lateness::of(TimePoint sent, TimePoint now) {
    const Duration took = now - sent;  // of two clocks: only differences between such values mean anything
    if (!least_ || now - since_ > half_window) {
        least_before_ = least_;
        least_ = took;
        since_ = now;
    }
    least_ = std::min(*least_, took);
    return took - std::min(*least_, least_before_.value_or(*least_));
}

void Worker::receive(Message message, TimePoint now) {
    std::visit([&](auto& m) { take(std::move(m), now); }, message);
}

// W1: nothing of a lower epoch is taken. In a new one nothing was seen yet, and there is no lease.
void Worker::take(EpochNews&& news, TimePoint now) {
    if (news.epoch < epoch_) return;
    if (news.epoch == epoch_) {
        if (news.nonce == nonce_ || has_objected_) return;
        has_objected_ = true;
        outgoing_.push_back(Objection{options_.instance, "two coordinators run with copies of one state file"});
        return;
    }
    epoch_ = news.epoch;
    nonce_ = news.nonce;
    seen_ = 0;
    has_terms_ = false;
    has_objected_ = false;
    lease_since_.reset();
    beats_before_ = beats_;
    unconfirmed_.clear();
    lateness_ = Lateness();
    held_before_ = holds_.size();
    held_bytes_ = 0;
    // The rest of these requests died with the coordinator that had them.
    for (auto& [call, held] : holds_) {
        if (held.fetched) finished(call, false, "its coordinator ended before all of the request had come", now);
    }
    beat(now);
}

void Worker::take(Terms&& terms, TimePoint) {
    if (terms.epoch != epoch_ || has_terms_) return;
    has_terms_ = true;
    actions_.push_back(TakeTerms{std::move(terms.text)});
}

void Worker::take(CallOrder&& order, TimePoint now) {
    const Duration late = lateness_.of(order.sent, now);
    if (order.epoch != epoch_ || order.seq <= seen_) return;
    // W2: that it was seen and that it is held become true in one step. A beat between the two would tell the
    // coordinator that it will never be taken.
    seen_ = order.seq;
    const CallId id{order.epoch, order.number};
    Held& held = holds_.try_emplace(id).first->second;
    held.name = std::move(order.name);
    const std::string why_not = why_not_sent(late, order.leave_within, now);
    if (!why_not.empty()) {
        ++running_;
        held.is_running = true;
        return finished(id, false, why_not, now);
    }
    ++running_;
    held.is_running = true;
    if (order.request.is_whole()) {
        const bool is_at_any_time = order.leave_within == Duration::max();
        const TimePoint leave_by = is_at_any_time ? TimePoint::max() : now + (order.leave_within - late);
        return start(id, held, std::move(order.request.text), leave_by);
    }
    held.fetched.emplace();
    held.request_bytes = order.request.size;
    held.asked = now;
    outgoing_.push_back(PartRequest{options_.instance, id, 0});
}

// W4: a call leaves only while the coordinator was heard of lately, by our own clock, and before its permit is too old.
std::string Worker::why_not_sent(Duration late, Duration leave_within, TimePoint now) const {
    if (!has_lease(now)) return "its worker had lost contact with the coordinator";
    if (late > leave_within) return "it came to its worker too late for its place under the limits";
    if (!has_terms_) return "its worker did not know the terms of the run";
    if (is_leaving_) return "its worker is leaving";
    if (running_ + others_ >= options_.slots) return "its worker had no free slot";
    if (holds_.size() - held_before_ > most_holds || held_bytes_ > most_held_bytes)
        return "its worker holds too many results";
    return {};
}

void Worker::start(const CallId& call, Held& held, std::string request, TimePoint leave_by) {
    held.fetched.reset();
    actions_.push_back(Start{call, held.name, std::move(request), std::min(leave_by, *lease_since_ + lease)});
}

void Worker::take(Part&& part, TimePoint now) {
    const auto found = holds_.find(part.call);
    if (found == holds_.end() || !found->second.fetched) return;
    Held& held = found->second;
    std::string& text = *held.fetched;
    const bool is_next =
        part.offset == text.size() && !part.text.empty() && part.text.size() <= held.request_bytes - part.offset;
    if (!is_next) return;
    text += part.text;
    held.asked = now;
    if (text.size() < held.request_bytes) {
        outgoing_.push_back(PartRequest{options_.instance, part.call, text.size()});
    } else if (has_lease(now)) {
        start(part.call, held, std::move(text), TimePoint::max());  // fetching it took time that nobody planned
    } else {
        finished(part.call, false, "its worker had lost contact with the coordinator", now);
    }
}

void Worker::take(PartRequest&& request, TimePoint) {
    const auto found = holds_.find(request.call);
    if (found == holds_.end() || !found->second.is_done || request.offset >= found->second.result.size()) return;
    outgoing_.push_back(Part{options_.instance, request.call, request.offset,
                             found->second.result.substr(request.offset, options_.part_bytes)});
}

// W3: what was sent before this ping and did not come by now will never be taken: one sender, one subject, in order;
// and what a dead connection brings late is refused, because its `seq` is not above `seen_`.
void Worker::take(Ping&& ping, TimePoint now) {
    if (ping.epoch != epoch_) return;
    lateness_.of(ping.sent, now);
    seen_ = std::max(seen_, ping.seq);
    const auto confirmed = unconfirmed_.find(ping.echo);
    if (confirmed == unconfirmed_.end()) return;
    lease_since_ = confirmed->second;
    unconfirmed_.erase(unconfirmed_.begin(), std::next(confirmed));
}

// W5: a hold ends with this, and with nothing else but the end of the run.
void Worker::take(Stored&& stored, TimePoint) {
    for (const CallId& call : stored.calls) {
        const auto found = holds_.find(call);
        if (found == holds_.end()) continue;
        if (found->second.is_running) {
            --running_;
            actions_.push_back(Cancel{call});
        }
        if (call.epoch < epoch_) {
            --held_before_;
        } else {
            held_bytes_ -= found->second.result.size();
        }
        holds_.erase(found);
    }
}

void Worker::take(GiveUp&& given_up, TimePoint now) {
    for (const CallId& call : given_up.calls) {
        const auto found = holds_.find(call);
        if (found == holds_.end() || !found->second.is_running) continue;
        if (found->second.fetched) {
            finished(call, false, "given up", now);
        } else {
            actions_.push_back(Cancel{call});
        }
    }
}

void Worker::take(Close&& close, TimePoint) {
    if (close.epoch < epoch_) return;
    for (const auto& [call, held] : holds_) {
        if (held.is_running) actions_.push_back(Cancel{call});
    }
    holds_.clear();
    running_ = 0;
    held_before_ = 0;
    held_bytes_ = 0;
    actions_.push_back(Leave{});
}

void Worker::finished(const CallId& call, bool was_sent, std::string text, TimePoint now) {
    const auto found = holds_.find(call);
    if (found == holds_.end() || !found->second.is_running) return;  // it was forgotten meanwhile
    Held& held = found->second;
    --running_;
    held.is_running = false;
    held.fetched.reset();
    held.is_done = true;
    held.was_sent = was_sent;
    held.result = std::move(text);
    if (call.epoch == epoch_) held_bytes_ += held.result.size();
    tell(call, held, now);
}

void Worker::tell(const CallId& call, Held& held, TimePoint now) {
    held.told = now;
    outgoing_.push_back(Result{options_.instance, call, held.was_sent, Parcel(held.result, options_.part_bytes)});
}

void Worker::beat(TimePoint now) {
    if (epoch_ == 0) return;  // nobody to tell
    Beat beat;
    beat.instance = options_.instance;
    beat.epoch = epoch_;
    beat.count = ++beats_;
    beat.seen = seen_;
    beat.has_terms = has_terms_;
    beat.is_leaving = is_leaving_;
    beat.slots = options_.slots;
    beat.host = options_.host;
    beat.version = options_.version;
    beat.elsewhere = others_;
    list_holds(beat);
    // A beat that is older than a lease can't renew one.
    unconfirmed_.emplace(beats_, now);
    while (now - unconfirmed_.begin()->second > lease) unconfirmed_.erase(unconfirmed_.begin());
    outgoing_.push_back(std::move(beat));
    if (!lease_since_ && beats_ - beats_before_ == beats_until_doubt) {
        actions_.push_back(
            Say{"its coordinator does not answer: has it ended, or does its login, or ours, lack a permission "
                "(docs/cluster.md has those that are needed)?"});
    }
    for (auto& [call, held] : holds_) {
        if (held.is_done && now - held.told >= resend_interval) tell(call, held, now);
        if (held.fetched && now - held.asked >= resend_interval) {
            held.asked = now;
            outgoing_.push_back(PartRequest{options_.instance, call, held.fetched->size()});
        }
    }
}

void Worker::list_holds(Beat& beat) const {
    std::size_t name_bytes = 0;
    for (const auto& [call, held] : holds_) {
        const bool is_earlier = call.epoch < epoch_;
        if (is_earlier && held.is_running) ++beat.elsewhere;
        if (is_earlier) name_bytes += held.name.size();
        if (name_bytes > most_name_bytes && is_earlier) {
            beat.lists_all = false;
            continue;
        }
        beat.holds.push_back({call, is_earlier ? held.name : std::string()});
    }
}

}  // namespace plait::cluster
