#include "plait/batch/method/cluster_method.hpp"

#include "plait/async/activity_scope.hpp"
#include "plait/async/cancel_scope.hpp"
#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/span_scope.hpp"
#include "plait/async/task_group.hpp"
#include "plait/async/task_name.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/internal/call_text.hpp"
#include "plait/cluster/relay/subjects.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>
#include <variant>

namespace plait::batch {

using cluster::CallEnded;
using cluster::Coordinator;

namespace {

constexpr std::size_t most_warnings = 100;

/// How long the broker may take before the run begins.
constexpr Duration begin_limit = std::chrono::seconds(30);

cluster::CoordinatorOptions coordinator_options(const MethodOptions& options) {
    cluster::CoordinatorOptions coordinator;
    coordinator.epoch = options.epoch;
    coordinator.nonce = (std::uint64_t{std::random_device()()} << 32) | std::random_device()();
    coordinator.version = PLAIT_VERSION;
    coordinator.terms = internal::terms_text(options.session);
    if (options.has_limits) coordinator.leave_within = cluster::departure_jitter;
    return coordinator;
}

cluster::NatsOptions client_options(const cluster::ClusterOptions& cluster, const std::string& run) {
    cluster::NatsOptions options(cluster.address);
    options.login = cluster.login;
    options.tls = cluster.tls;
    options.name = "plait run " + run;
    return options;
}

Failure not_sent(std::string why) { return Failure(ErrorCode::worker_died, "not sent: " + std::move(why), false); }

Failure lost(std::string why) { return Failure(ErrorCode::worker_died, std::move(why), true); }

}  // namespace

/// An attempt that waits for its end. Nobody waits any more when it is destroyed before.
class ClusterMethod::Waiting {
  public:
    Waiting(ClusterMethod& method, cluster::Dispatch dispatch) : method_(method), dispatch_(dispatch) {
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
      coordinator_(coordinator_options(options_)),
      client_([this] {
          cluster::NatsOptions client = client_options(cluster_, options_.run_id);
          client.on_message = [this](std::string_view subject, std::string_view payload) { receive(subject, payload); };
          client.on_trouble = [this](const std::string& sentence) {
              if (options_.warn) options_.warn(sentence);
          };
          return client;
      }()) {
    client_.subscribe(cluster::subject_of_coordinator(options_.run_id));
    client_.subscribe(cluster::subject_of_self(options_.run_id));
}

Task<void> ClusterMethod::begin() {
    const bool in_time = co_await within(begin_limit, is_ready_.wait());
    if (!in_time) {
        throw Error(ErrorCode::connect,
                    fmt::format("broker {}: messages to ourselves did not come back within {} s: "
                                "does the login have the permissions that docs/cluster.md lists?",
                                cluster_.address.to_string(), begin_limit / std::chrono::seconds(1)));
    }
    if (room_ == 0) warn_once("no worker is there yet: plait worker --cluster starts one");
}

Task<void> ClusterMethod::work() {
    TaskGroup parts;
    parts.start(client_.run(), "broker");
    parts.start(beat(), "beat");
    co_await parts.join();
}

Task<void> ClusterMethod::end() {
    while (!to_store_.empty()) {
        coordinator_.stored(to_store_.front().second);
        to_store_.pop_front();
    }
    coordinator_.close();
    settle();
    co_await within(std::chrono::seconds(1), client_.flush());
}

Task<void> ClusterMethod::beat() {
    for (;;) {
        if (client_.is_connected()) coordinator_.beat(now());
        tell_stored();
        settle();
        tell_room();
        if (!coordinator_.conflict().empty()) throw Error(ErrorCode::bad_input, coordinator_.conflict());
        co_await sleep_for(cluster::beat_interval);
    }
}

/// Results whose attempts ended a while ago are written by now.
void ClusterMethod::tell_stored() {
    while (!to_store_.empty() && now() - to_store_.front().first >= storing_time) {
        coordinator_.stored(to_store_.front().second);
        to_store_.pop_front();
    }
}

void ClusterMethod::receive(std::string_view subject, std::string_view payload) {
    using Kind = cluster::Envelope::Kind;
    const cluster::Envelope envelope = post_.open(subject, payload);
    switch (envelope.kind) {
        case Kind::message:
            return take_message(envelope.text);
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

void ClusterMethod::take_message(std::string_view text) {
    try {
        cluster::Message message = cluster::decode(text);
        const bool is_beat = std::holds_alternative<cluster::Beat>(message);
        coordinator_.receive(std::move(message), now());
        settle();
        if (is_beat) tell_room();
        // What workers hold of an earlier epoch is known when each that lives has had the time for a beat.
        const std::uint64_t beats = options_.epoch == 1 ? 1 : cluster::beats_until_lost;
        if (coordinator_.own_beats() >= beats) is_ready_.set();
    } catch (const Error& error) {
        warn_once(error.what());
    }
}

void ClusterMethod::settle() {
    for (const Coordinator::Outgoing& outgoing : coordinator_.take_outgoing()) send(outgoing);
    tell_ended();
    for (const std::string& sentence : coordinator_.take_objections()) warn_once("a worker says: " + sentence);
}

void ClusterMethod::send(const Coordinator::Outgoing& outgoing) {
    using To = Coordinator::Outgoing::To;
    const std::string& run = options_.run_id;
    const std::string subject = outgoing.to == To::worker        ? cluster::subject_of_worker(run, outgoing.worker)
                                : outgoing.to == To::all_workers ? cluster::subject_of_all(run)
                                                                 : cluster::subject_of_self(run);
    // What can't be sent now is lost, as if the broker had lost it: the protocol notices.
    client_.publish(subject, post_.wrap(subject, cluster::encode(outgoing.message)));
}

void ClusterMethod::tell_ended() {
    std::vector<CallEnded> all = coordinator_.take_ended();
    if (!all.empty()) has_place_.set();
    for (CallEnded& ended : all) {
        const auto found = waiting_.find(ended.dispatch.call);
        PLAIT_ASSERT(found != waiting_.end(), "a call that nobody waits for was given up, and has no end");
        Waiting& waiting = *found->second;
        waiting_.erase(found);
        if (ended.how == CallEnded::How::answered) to_store_.emplace_back(now(), ended.dispatch);
        waiting.end(std::move(ended));
    }
}

void ClusterMethod::tell_room() {
    const std::size_t room = client_.is_connected() ? coordinator_.room(now()) : 0;
    if (room > 0) has_place_.set();
    if (std::exchange(room_, room) != room && room_changed_) room_changed_(room);
}

void ClusterMethod::follow_room(std::function<void(std::size_t)> changed) {
    room_changed_ = std::move(changed);
    if (room_changed_) room_changed_(room_);
}

Task<Attempt> ClusterMethod::attempt(const http::Request& request) {
    // The name only matters for what must not be sent twice: that is what a later run may take over.
    std::string name = http::is_repeatable(request) ? std::string() : std::string(TaskName::current());
    if (promised_.erase(name) > 0) co_return co_await take_over(std::move(name));
    if (taken_over_.erase(name) > 0) {
        co_return lost("an earlier run may have sent it again after the answer that it got; not sent again");
    }
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
        Attempt attempt = co_await make_once(name, text, should_repeat);
        if (!should_repeat) co_return attempt;
    }
}

/// Without limits, what was surely not sent is given to a worker again at once. With limits its permit may be too old:
/// the caller takes a new one.
Task<Attempt> ClusterMethod::make_once(std::string name, std::string request, bool& should_repeat) {
    const ActivityScope activity(trace::Activity::worker);
    const std::optional<cluster::Dispatch> dispatched = co_await dispatch(std::move(name), std::move(request));
    if (!dispatched) co_return not_sent("no worker had a free place in time");
    const TimePoint began = now();
    CallEnded ended = co_await wait_for_end(*dispatched);
    should_repeat = ended.how == CallEnded::How::not_sent && !options_.has_limits;
    co_return read_answer(ended, began);
}

/// Waits for a free place. Returns nothing if the permit of the attempt is too old by then.
Task<std::optional<cluster::Dispatch>> ClusterMethod::dispatch(std::string name, std::string request) {
    const TimePoint since = now();
    for (;;) {
        if (client_.is_connected()) {
            const auto dispatch = coordinator_.dispatch(name, request, now());
            if (dispatch) {
                settle();
                co_return dispatch;
            }
        }
        if (options_.has_limits && now() - since > cluster::departure_jitter) co_return std::nullopt;
        has_place_.reset();
        co_await within(cluster::departure_jitter, has_place_.wait());
    }
}

Task<CallEnded> ClusterMethod::wait_for_end(cluster::Dispatch dispatch) {
    Waiting waiting(*this, dispatch);
    co_await waiting.event.wait();
    co_return std::move(*waiting.ended);
}

Attempt ClusterMethod::read_answer(const CallEnded& ended, TimePoint began) {
    if (ended.how == CallEnded::How::not_sent) return not_sent(ended.text);
    if (ended.how == CallEnded::How::lost) return lost(ended.text);
    try {
        Attempt attempt = internal::read_attempt(ended.text);
        if (options_.trace) trace(attempt, ended.dispatch.worker, began);
        return attempt;
    } catch (const Error& error) {
        return Failure(ErrorCode::protocol, fmt::format("the answer of its worker: {}", error.what()), true);
    }
}

/// The phases that the worker measured, as its lane shows them. They end when its result came.
void ClusterMethod::trace(const Attempt& attempt, cluster::Instance worker, TimePoint began) {
    std::size_t number = 0;
    for (const cluster::WorkerReport& report : coordinator_.workers()) {
        if (report.instance == worker) number = report.number;
    }
    trace::SpanStates states(began);
    if (const auto* const response = std::get_if<http::Response>(&attempt)) {
        const http::Timings& took = response->timings;
        const Duration in_all = took.dns + took.connect + took.tls + took.send + took.wait + took.receive;
        states.extend(trace::Activity::worker, std::max(began, now() - in_all));
        for (const auto& [activity, length] :
             {std::pair(trace::Activity::dns, took.dns), std::pair(trace::Activity::connect, took.connect),
              std::pair(trace::Activity::tls, took.tls), std::pair(trace::Activity::sending, took.send),
              std::pair(trace::Activity::first_byte, took.wait), std::pair(trace::Activity::body, took.receive)})
            states.extend(activity, states.end() + length);
    } else {
        states.extend(trace::Activity::worker, now());
    }
    span_done_elsewhere(options_.trace->recorder(), trace::Activity::worker,
                        options_.trace->lane(trace::LaneKind::worker, number), std::move(states));
}

bool ClusterMethod::takes_over(std::string_view custom_id) {
    if (!coordinator_.can_adopt(custom_id)) return false;
    promised_.emplace(custom_id);
    return true;
}

/// Whatever comes of it, the request is never sent again: the earlier run may have done that already, after the answer
/// that we get.
Task<Attempt> ClusterMethod::take_over(std::string name) {
    const std::optional<cluster::Dispatch> adopted = coordinator_.adopt(name);
    if (!adopted) co_return lost("the worker that had it for an earlier run was lost");
    const TimePoint began = now();
    taken_over_.insert(std::move(name));
    const CallEnded ended = co_await wait_for_end(*adopted);
    co_return read_answer(ended, began);
}

std::vector<RemoteWorker> ClusterMethod::remote_workers() const {
    std::vector<RemoteWorker> workers;
    for (cluster::WorkerReport& report : coordinator_.workers()) {
        RemoteWorker& worker = workers.emplace_back();
        worker.host = std::move(report.host);
        worker.version = std::move(report.version);
        worker.places = report.places;
        worker.in_flight = report.in_flight;
        worker.calls = report.calls;
        worker.is_leaving = report.is_leaving;
        worker.lost_at = report.lost_at;
        worker.lost_calls = report.lost_calls;
    }
    return workers;
}

void ClusterMethod::warn_once(const std::string& sentence) {
    if (warned_.size() >= most_warnings || !warned_.insert(sentence).second) return;
    if (options_.warn) options_.warn(sentence);
}

}  // namespace plait::batch
