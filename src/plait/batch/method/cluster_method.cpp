#include "plait/batch/method/cluster_method.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/span_scope.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/internal/call_text.hpp"
#include "plait/batch/method/internal/cluster_options.hpp"
#include "plait/batch/method/internal/remote_span.hpp"
#include "plait/cluster/relay/subjects.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace plait::batch {

using cluster::CallEnded;
using cluster::Coordinator;

namespace {

constexpr std::size_t most_warnings = 100;

/// How long the broker may take before the run begins.
constexpr Duration begin_limit = std::chrono::seconds(30);

Failure not_sent(std::string why) {
    Failure failure(ErrorCode::worker_died, "not sent: " + std::move(why), false);
    failure.is_overdue = true;
    return failure;
}

Failure lost(std::string why) { return Failure(ErrorCode::worker_died, std::move(why), true); }

/// What an earlier run may have done after the answer that we took over: a retry, or the next hop.
Failure sent_before() {
    Failure failure = lost("an earlier run may have sent it after the answer that it got; not sent again");
    failure.is_permanent = true;
    return failure;
}

}  // namespace

/// An attempt that waits for its end. Nobody waits any more when it is destroyed before.
class ClusterMethod::Waiting {
  public:
    Waiting(ClusterMethod& method, cluster::Dispatch dispatch, Owner owner_)
        : owner(std::move(owner_)), method_(method), dispatch_(dispatch) {
        method_.waiting_.emplace(dispatch_.call, this);
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        if (ended) return;
        method_.waiting_.erase(dispatch_.call);
        method_.coordinator_.give_up(dispatch_);
        method_.settle();
    }

    void end(CallEnded&& how) {
        ended.emplace(std::move(how));
        event.set();
    }

    const Owner owner;
    Event event{trace::Wait::event};
    std::optional<CallEnded> ended;

  private:
    ClusterMethod& method_;
    const cluster::Dispatch dispatch_;
};

ClusterMethod::ClusterMethod(MethodOptions options)
    : options_(std::move(options)),
      cluster_(*options_.cluster),
      post_(cluster_.key, options_.run_id),
      coordinator_(internal::coordinator_options(options_)),
      client_([this] {
          cluster::NatsOptions client = internal::client_options(options_);
          client.on_message = [this](std::string_view subject, std::string_view payload) { receive(subject, payload); };
          client.on_trouble = [this](const std::string& sentence) {
              if (options_.warn) options_.warn(sentence);
          };
          client.on_denied = [this](const std::string& sentence) { denied(sentence); };
          client.before_write = [this] { flush(); };
          return client;
      }()),
      to_all_(outbox(cluster::subject_of_all(options_.run_id))),
      to_itself_(outbox(cluster::subject_of_self(options_.run_id))) {
    client_.subscribe(cluster::subject_of_coordinator(options_.run_id));
    client_.subscribe(cluster::subject_of_self(options_.run_id));
    if (options_.session.body_memory && options_.session.body_memory->folder())
        body_saver_.emplace(*options_.session.body_memory->folder());
}

Task<void> ClusterMethod::begin() {
    const bool in_time = co_await within(begin_limit, is_ready_.wait());
    if (!denied_.empty()) throw Error(ErrorCode::bad_input, denied_);
    if (!in_time) {
        throw Error(ErrorCode::connect,
                    fmt::format("broker {}: messages to ourselves did not come back within {} s: "
                                "does the login have the permissions that docs/cluster.md lists?",
                                cluster_.address.to_string(), begin_limit / std::chrono::seconds(1)));
    }
}

Task<void> ClusterMethod::work() {
    TaskGroup parts;
    parts.start(client_.run(), "broker");
    parts.start(beat(), "beat");
    co_await parts.join();
}

Task<void> ClusterMethod::end(bool has_finished) {
    coordinator_.close(has_finished);
    settle();
    co_await within(std::chrono::seconds(1), client_.flush());
}

Task<void> ClusterMethod::beat() {
    for (;;) {
        if (client_.is_connected()) coordinator_.beat(now());
        settle();
        tell_room();
        // Workers that are there already have answered by now.
        if (coordinator_.own_beats() >= cluster::beats_until_doubt && coordinator_.workers().empty())
            warn_once("no worker is there yet: plait worker --cluster starts one");
        if (!coordinator_.conflict().empty()) throw Error(ErrorCode::bad_input, coordinator_.conflict());
        co_await sleep_for(cluster::beat_interval);
    }
}

/// C4: the worker may forget an answer when nobody needs it any more. A later coordinator makes a call without a name
/// again, or has no use for its answer. One with a name is needed until its result is written, or it was sent again.
void ClusterMethod::answered(const CallEnded& answer, const Owner& owner) {
    if (owner.name().empty()) return coordinator_.stored(answer.dispatch);
    for (const cluster::Dispatch& dispatch : unwritten_.add(owner.line, answer.dispatch, answer.text.size()))
        coordinator_.stored(dispatch);
}

void ClusterMethod::result_written(std::uint64_t line) {
    if (const auto dispatch = unwritten_.remove(line)) coordinator_.stored(*dispatch);
}

std::function<void(std::uint64_t)> ClusterMethod::follow_results() {
    return [this](std::uint64_t line) { result_written(line); };
}

void ClusterMethod::receive(std::string_view subject, std::string_view payload) {
    using Kind = cluster::Envelope::Kind;
    const cluster::Envelope envelope = post_.open(subject, payload);
    switch (envelope.kind) {
        case Kind::message:
            return take_bundle(envelope.text);
        case Kind::objection:
            return warn_once("a worker says: " + envelope.text);
        case Kind::other_protocol:
            return warn_once(fmt::format("a worker speaks protocol {}, and this run {}: install the same version",
                                         envelope.protocol, cluster::protocol_number));
        case Kind::locked:
            return warn_once("a message on the subjects of this run can't be opened: its sender has another key");
        case Kind::unreadable:
            return warn_once("a message on the subjects of this run is not from plait");
    }
}

void ClusterMethod::take_bundle(std::string_view bundle) {
    bool has_beat = false;
    try {
        while (std::optional<cluster::Message> message = cluster::take_first(bundle)) {
            has_beat |= std::holds_alternative<cluster::Beat>(*message);
            coordinator_.receive(std::move(*message), now());
        }
    } catch (const Error& error) {
        warn_once(error.what());
    }
    settle();
    if (has_beat) tell_room();
    // What workers hold of an earlier epoch is known when each that lives has had the time for a beat.
    const std::uint64_t beats = options_.epoch == 1 ? 1 : cluster::beats_until_lost;
    if (coordinator_.own_beats() >= beats) is_ready_.set();
}

void ClusterMethod::settle() {
    for (const Coordinator::Outgoing& outgoing : coordinator_.take_outgoing()) send(outgoing);
    tell_ended();
    for (const std::string& sentence : coordinator_.take_warnings()) warn_once(sentence);
}

void ClusterMethod::send(const Coordinator::Outgoing& outgoing) {
    // What can't be sent now is lost, as if the broker had lost it: the protocol notices.
    if (!client_.is_connected()) return;
    outbox_for(outgoing).put(outgoing.message);
    client_.write_soon();
}

cluster::Outbox ClusterMethod::outbox(std::string subject) {
    return cluster::Outbox([this, subject = std::move(subject)](std::string_view bundle) {
        client_.publish(subject, post_.wrap(subject, bundle));
    });
}

cluster::Outbox& ClusterMethod::outbox_for(const Coordinator::Outgoing& outgoing) {
    using To = Coordinator::Outgoing::To;
    if (outgoing.to == To::all_workers) return to_all_;
    if (outgoing.to == To::itself) return to_itself_;
    const auto known = to_workers_.find(outgoing.worker);
    if (known != to_workers_.end()) return known->second;
    return to_workers_.emplace(outgoing.worker, outbox(cluster::subject_of_worker(options_.run_id, outgoing.worker)))
        .first->second;
}

void ClusterMethod::flush() {
    to_all_.flush();
    to_itself_.flush();
    for (auto& [worker, outbox] : to_workers_) outbox.flush();
}

void ClusterMethod::tell_ended() {
    std::vector<CallEnded> all = coordinator_.take_ended();
    if (!all.empty()) has_slot_.set();
    bool was_refused = false;
    for (CallEnded& ended : all) {
        const auto found = waiting_.find(ended.dispatch.call);
        PLAIT_ASSERT(found != waiting_.end(), "a call that nobody waits for was given up, and has no end");
        Waiting& waiting = *found->second;
        waiting_.erase(found);
        if (ended.how == CallEnded::How::answered) answered(ended, waiting.owner);
        was_refused |= ended.how == CallEnded::How::not_sent;
        waiting.end(std::move(ended));
    }
    if (was_refused) tell_room();  // its worker is held back
}

void ClusterMethod::tell_room() {
    const std::size_t room = client_.is_connected() ? coordinator_.room(now()) : 0;
    if (room > 0) has_slot_.set();
    if (std::exchange(room_, room) != room && room_changed_) room_changed_(room);
}

void ClusterMethod::follow_room(std::function<void(std::size_t)> changed) {
    room_changed_ = std::move(changed);
    if (room_changed_) room_changed_(room_);
}

Task<Attempt> ClusterMethod::attempt(const http::Request& request) { return attempt_for({}, request); }

Task<Attempt> ClusterMethod::attempt_of(const Call& call, const CallRules& rules, const http::Request& request) {
    return attempt_for(options_.owner_of ? options_.owner_of(call, rules, request) : Owner(), request);
}

Task<Attempt> ClusterMethod::attempt_for(Owner owner, const http::Request& request) {
    // Whatever a hook has made of it, this is the first attempt.
    if (promised_.erase(owner.unsafe_call) > 0) co_return co_await take_over(std::move(owner));
    if (taken_over_.contains(owner.unsafe_call) && !owner.may_repeat) co_return sent_before();
    std::string text;
    try {
        text = internal::request_text(internal::self_contained(request, options_.session));
    } catch (const Error& error) {
        Failure failure(error.code(), error.what(), false);
        failure.is_permanent = true;
        co_return failure;
    }
    for (;;) {
        bool should_repeat = false;
        Attempt attempt = co_await make_once(owner, text, should_repeat);
        if (!should_repeat) co_return attempt;
    }
}

/// Without limits, what was surely not sent is given to a worker again at once. With limits its permit may be too old:
/// the caller takes a new one.
Task<Attempt> ClusterMethod::make_once(Owner owner, std::string request, bool& should_repeat) {
    const ActivityScope activity(trace::Activity::worker);
    const std::optional<cluster::Dispatch> dispatched = co_await dispatch(owner.name(), std::move(request));
    if (!dispatched) co_return not_sent("no worker had a free slot in time");
    const TimePoint began = now();
    CallEnded ended = co_await wait_for_end(*dispatched, std::move(owner));
    should_repeat = ended.how == CallEnded::How::not_sent && !options_.has_limits;
    co_return co_await read_answer(std::move(ended), began);
}

/// Waits for a free slot. Returns nothing if the permit of the attempt is too old by then.
Task<std::optional<cluster::Dispatch>> ClusterMethod::dispatch(std::string name, std::string request) {
    const TimePoint since = now();
    for (;;) {
        if (options_.has_limits && now() - since > cluster::departure_jitter) co_return std::nullopt;
        if (client_.is_connected()) {
            const auto dispatch = coordinator_.dispatch(name, request, now(), since);
            if (dispatch) {
                settle();
                co_return dispatch;
            }
        }
        has_slot_.reset();
        co_await within(cluster::departure_jitter, has_slot_.wait());
    }
}

Task<CallEnded> ClusterMethod::wait_for_end(cluster::Dispatch dispatch, Owner owner) {
    Waiting waiting(*this, dispatch, std::move(owner));
    co_await waiting.event.wait();
    co_return std::move(*waiting.ended);
}

Task<Attempt> ClusterMethod::read_answer(CallEnded ended, TimePoint began) {
    if (ended.how == CallEnded::How::not_sent) co_return not_sent(std::move(ended.text));
    if (ended.how == CallEnded::How::lost) co_return lost(std::move(ended.text));
    try {
        Attempt attempt = internal::read_attempt(ended.text);
        std::string().swap(ended.text);  // it may be large, and an assignment would keep its memory
        if (options_.trace) trace(attempt, ended.dispatch.worker, began);
        if (!body_saver_) co_return attempt;
        co_return co_await body_saver_->save(std::move(attempt));
    } catch (const Error& error) {
        co_return Failure(ErrorCode::protocol, fmt::format("the answer of its worker: {}", error.what()), true);
    }
}

/// Shows in the lane of its worker what the attempt did there.
void ClusterMethod::trace(const Attempt& attempt, cluster::Instance worker, TimePoint began) {
    std::size_t number = 0;
    for (const cluster::WorkerReport& report : coordinator_.workers()) {
        if (report.instance == worker) number = report.number;
    }
    span_done_elsewhere(options_.trace->recorder(), trace::Activity::worker,
                        options_.trace->lane(trace::LaneKind::worker, number),
                        internal::states_at_worker(attempt, began, now()));
}

bool ClusterMethod::takes_over(std::string_view custom_id) {
    if (!coordinator_.can_adopt(custom_id)) return false;
    promised_.emplace(custom_id);
    return true;
}

/// Whatever comes of it, nothing is sent for this call that must not be sent twice: the earlier run may have sent it
/// already, after the answer that we get.
Task<Attempt> ClusterMethod::take_over(Owner owner) {
    taken_over_.insert(owner.unsafe_call);
    owner.is_first = true;
    const std::optional<cluster::Dispatch> adopted = coordinator_.adopt(owner.unsafe_call);
    if (!adopted) co_return lost("the worker that had it for an earlier run was lost");
    const TimePoint began = now();
    CallEnded ended = co_await wait_for_end(*adopted, std::move(owner));
    co_return co_await read_answer(std::move(ended), began);
}

std::vector<RemoteWorker> ClusterMethod::remote_workers() const {
    std::vector<RemoteWorker> workers;
    for (cluster::WorkerReport& report : coordinator_.workers()) {
        RemoteWorker& worker = workers.emplace_back();
        worker.host = std::move(report.host);
        worker.version = std::move(report.version);
        worker.slots = report.slots;
        worker.in_flight = report.in_flight;
        worker.calls = report.calls;
        worker.is_leaving = report.is_leaving;
        worker.lost_at = report.lost_at;
        worker.lost_calls = report.lost_calls;
    }
    return workers;
}

/// A coordinator needs all of its permissions: without one it would wait for ever.
void ClusterMethod::denied(const std::string& sentence) {
    if (!denied_.empty()) return;  // one is enough
    if (is_ready_.is_set()) return warn_once(sentence);
    denied_ = sentence;
    is_ready_.set();
}

void ClusterMethod::warn_once(const std::string& sentence) {
    if (warned_.size() >= most_warnings || !warned_.insert(sentence).second) return;
    if (options_.warn) options_.warn(sentence);
}

}  // namespace plait::batch
