#include "plait/batch/method/cluster_worker.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/internal/call_text.hpp"
#include "plait/cluster/protocol/messages.hpp"
#include "plait/cluster/protocol/outbox.hpp"
#include "plait/cluster/relay/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <variant>
#include <vector>

namespace plait::batch {

namespace {

cluster::Instance random_instance() { return (std::uint64_t{std::random_device()()} << 32) | std::random_device()(); }

cluster::WorkerOptions worker_options(const ClusterWorkerOptions& options, cluster::Instance instance) {
    cluster::WorkerOptions worker;
    worker.instance = instance;
    worker.host = options.host;
    worker.version = PLAIT_VERSION;
    worker.slots = options.concurrency;
    return worker;
}

}  // namespace

ClusterWorkerOptions::ClusterWorkerOptions(cluster::ClusterOptions cluster_)
    : cluster(std::move(cluster_)),
      send([](http::Session& through, const http::Request& request) { return through.try_send(request); }) {}

/// The work for one run.
class ClusterWorker::Seat {
  public:
    Seat(std::string run_, const ClusterWorkerOptions& options, cluster::Instance instance, cluster::NatsClient& client)
        : run(std::move(run_)),
          to_coordinator(cluster::subject_of_coordinator(run)),
          post(options.cluster.key, run),
          machine(worker_options(options, instance)),
          outbox([this, &client](std::string_view bundle) {
              client.publish(to_coordinator, post.wrap(to_coordinator, bundle));
          }) {}

    const std::string run;
    const std::string to_coordinator;
    cluster::Post post;
    cluster::Worker machine;
    cluster::Outbox outbox;
    std::shared_ptr<http::Session> session;  ///< of the present terms
    std::map<cluster::CallId, std::unique_ptr<CancelScope>> calls;
    TimePoint heard{};
    bool is_member = false;  ///< a message could be opened
    bool has_refused = false;
    bool has_ended = false;
};

ClusterWorker::ClusterWorker(ClusterWorkerOptions options)
    : options_(std::move(options)), instance_(random_instance()), client_([this] {
          cluster::NatsOptions client(options_.cluster.address);
          client.login = options_.cluster.login;
          client.tls = options_.cluster.tls;
          client.name = "plait worker " + options_.host;
          client.waits_for_server = true;
          client.on_message = [this](std::string_view subject, std::string_view payload) { receive(subject, payload); };
          client.on_connected = [this] { tell("connected to " + options_.cluster.address.to_string()); };
          client.on_trouble = [this](const std::string& sentence) { tell(sentence); };
          client.before_write = [this] {
              for (auto& [run, seat] : seats_) seat->outbox.flush();
          };
          return client;
      }()) {
    client_.subscribe(std::string(cluster::all_runs));
}

ClusterWorker::~ClusterWorker() = default;

Task<void> ClusterWorker::work() {
    co_await serving_.run(serve());
    seats_.clear();
}

Task<void> ClusterWorker::serve() {
    TaskGroup calls;
    calls_ = &calls;
    TaskGroup parts;
    parts.start(client_.run(), "broker");
    parts.start(beat(), "beat");
    co_await parts.join();
}

Task<void> ClusterWorker::beat() {
    for (;;) {
        for (auto& [run, seat] : seats_) {
            if (!seat->is_member) continue;
            seat->machine.set_others(running() - seat->machine.running());
            if (client_.is_connected()) seat->machine.beat(now());
            act(*seat);
            send(*seat);
        }
        close_seats();
        if (is_leaving_ && has_left()) serving_.cancel();
        co_await sleep_for(cluster::beat_interval);
    }
}

bool ClusterWorker::has_left() const noexcept {
    return std::all_of(seats_.begin(), seats_.end(),
                       [](const auto& seat) { return seat.second->machine.holds() == 0; });
}

void ClusterWorker::close_seats() {
    std::erase_if(seats_, [this](const auto& entry) {
        const Seat& seat = *entry.second;
        const bool is_forgotten = seat.has_ended || now() - seat.heard > longest_silence;
        if (!is_forgotten || !seat.calls.empty()) return false;
        if (seat.is_member) client_.unsubscribe(cluster::subject_of_worker(seat.run, instance_));
        return true;
    });
}

std::size_t ClusterWorker::running() const noexcept {
    std::size_t running = 0;
    for (const auto& [run, seat] : seats_) running += seat->machine.running();
    return running;
}

void ClusterWorker::leave() {
    if (std::exchange(is_leaving_, true)) return serving_.cancel();
    for (auto& [run, seat] : seats_) seat->machine.leave();
}

ClusterWorker::Seat* ClusterWorker::find_seat(const std::string& run) {
    if (!options_.only_run.empty() && run != options_.only_run) return nullptr;
    const auto found = seats_.find(run);
    if (found != seats_.end()) return found->second.get();
    if (seats_.size() >= most_runs || is_leaving_) return nullptr;
    return seats_.emplace(run, std::make_unique<Seat>(run, options_, instance_, client_)).first->second.get();
}

void ClusterWorker::receive(std::string_view subject, std::string_view payload) {
    const std::optional<std::string> run = cluster::run_of(subject);
    Seat* const seat = run ? find_seat(*run) : nullptr;
    if (!seat || seat->has_ended) return;
    seat->heard = now();
    const cluster::Envelope envelope = seat->post.open(subject, payload);
    using Kind = cluster::Envelope::Kind;
    if (envelope.kind == Kind::other_protocol) {
        return refuse(*seat,
                      fmt::format("run {} speaks protocol {}, and this worker {}: install the same version", seat->run,
                                  envelope.protocol, cluster::protocol_number),
                      fmt::format("plait {} at {} speaks protocol {}, and this run {}", PLAIT_VERSION, options_.host,
                                  cluster::protocol_number, envelope.protocol));
    }
    if (envelope.kind == Kind::locked) {
        if (seat->is_member) return;  // forged
        return refuse(*seat, fmt::format("run {} has another --cluster-key: this worker can't work for it", seat->run),
                      fmt::format("the worker at {} has another --cluster-key", options_.host));
    }
    if (envelope.kind != Kind::message) return;
    try {
        std::string_view bundle = envelope.text;
        while (std::optional<cluster::Message> message = cluster::take_first(bundle)) take(*seat, std::move(*message));
    } catch (const Error& error) {
        tell(fmt::format("run {}: {}", seat->run, error.what()));
    }
}

void ClusterWorker::take(Seat& seat, cluster::Message message) {
    if (!std::exchange(seat.is_member, true)) {
        client_.subscribe(cluster::subject_of_worker(seat.run, instance_));
        tell(fmt::format("working for run {}", seat.run));
    }
    seat.machine.set_others(running() - seat.machine.running());
    seat.machine.receive(std::move(message), options_.clock->now());
    act(seat);
    send(seat);
}

void ClusterWorker::tell(const std::string& sentence) const {
    if (options_.tell) options_.tell(sentence);
}

void ClusterWorker::refuse(Seat& seat, const std::string& sentence, const std::string& for_coordinator) {
    if (std::exchange(seat.has_refused, true)) return;
    tell(sentence);
    client_.publish(seat.to_coordinator, cluster::Post::objection(for_coordinator));
}

void ClusterWorker::act(Seat& seat) {
    using cluster::Worker;
    for (Worker::Action& action : seat.machine.take_actions()) {
        if (auto* const start = std::get_if<Worker::Start>(&action)) {
            seat.calls.emplace(start->call, std::make_unique<CancelScope>());
            calls_->start(make_call(seat, start->call, std::move(start->request), start->leave_by), "call");
        } else if (auto* const cancel = std::get_if<Worker::Cancel>(&action)) {
            const auto found = seat.calls.find(cancel->call);
            if (found != seat.calls.end()) found->second->cancel();
        } else if (auto* const terms = std::get_if<Worker::TakeTerms>(&action)) {
            http::SessionOptions session = options_.session;
            internal::apply_terms(session, terms->text);
            seat.session = std::make_shared<http::Session>(std::move(session));
        } else if (auto* const say = std::get_if<Worker::Say>(&action)) {
            tell(fmt::format("run {}: {}", seat.run, say->sentence));
        } else {
            seat.has_ended = true;
            tell(fmt::format("run {} has ended", seat.run));
        }
    }
}

void ClusterWorker::send(Seat& seat) {
    // What can't be sent now is lost, as if the broker had lost it: the protocol notices.
    const std::vector<cluster::Message> outgoing = seat.machine.take_outgoing();
    if (outgoing.empty() || !client_.is_connected()) return;
    for (const cluster::Message& message : outgoing) seat.outbox.put(message);
    client_.write_soon();
}

/// `seat` outlives the task: it is not closed while it has calls.
Task<void> ClusterWorker::make_call(Seat& seat, cluster::CallId call, std::string request, TimePoint leave_by) {
    if (options_.clock->now() > leave_by) {
        finished(seat, call, false, "its worker was too busy to send it in time");
        co_return;
    }
    CancelScope& scope = *seat.calls.at(call);
    const std::shared_ptr<http::Session> session = seat.session;
    std::optional<Attempt> attempt;
    try {
        const http::Request decoded = internal::read_request(request);
        std::string().swap(request);  // it may be large, and an assignment would keep its memory
        attempt = co_await scope.run(options_.send(*session, decoded));
    } catch (const Error& error) {
        attempt.emplace(Failure(error.code(), error.what(), false));
    }
    if (!attempt) attempt.emplace(given_up());
    finished(seat, call, true, internal::attempt_text(*attempt));
}

void ClusterWorker::finished(Seat& seat, const cluster::CallId& call, bool was_sent, std::string text) {
    seat.calls.erase(call);
    seat.machine.finished(call, was_sent, std::move(text), now());
    send(seat);
}

}  // namespace plait::batch
