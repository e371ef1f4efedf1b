#pragma once

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/attempt/attempt.hpp"
#include "plait/cluster/protocol/worker.hpp"
#include "plait/cluster/relay/cluster_options.hpp"
#include "plait/cluster/relay/nats_client.hpp"
#include "plait/cluster/sealed/envelope.hpp"
#include "plait/http/session.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

class ClusterWorkerOptions {
  public:
    /// Calls are made with `Session::try_send`.
    explicit ClusterWorkerOptions(cluster::ClusterOptions cluster_);

    cluster::ClusterOptions cluster;
    /// How servers are reached: proxies, certificates, addresses. The rest is for the run to say.
    http::SessionOptions session;
    /// Calls at a time, of all runs together.
    std::size_t concurrency = 100;
    /// Works for the run with this id only. Empty: for all.
    std::string only_run;
    std::string host;
    /// Makes a call: sends the request once. What it is given outlives the task.
    std::function<Task<Attempt>(http::Session& session, const http::Request& request)> send;
    /// Tells when a request leaves. The time of the loop is of no use there: it stands still while the loop is busy.
    Clock* clock = &SteadyClock::instance();
    /// Called with each event, a sentence: a run that begins or ends, trouble with the broker.
    std::function<void(const std::string& sentence)> tell;
};

/// Makes calls for the runs of a cluster (`ClusterMethod`), on any number of machines. See docs/cluster.md.
class ClusterWorker {
  public:
    /// The most runs at a time.
    static constexpr std::size_t most_runs = 64;
    /// A run whose coordinator was silent for this long is forgotten, with its results. Until then a new coordinator
    /// can take them over.
    static constexpr Duration longest_silence = std::chrono::hours(24);

    explicit ClusterWorker(ClusterWorkerOptions options);
    ClusterWorker(const ClusterWorker&) = delete;
    ClusterWorker& operator=(const ClusterWorker&) = delete;
    ~ClusterWorker();

    /// Works until it is told to leave, and all that it holds was taken over by the coordinators. Throws `Error` when
    /// the broker refuses the login.
    Task<void> work();

    /// Takes no more calls. A second time: gives up everything at once.
    void leave();

    std::size_t running() const noexcept;

  private:
    class Seat;

    Task<void> serve();
    Task<void> beat();
    void receive(std::string_view subject, std::string_view payload);
    Seat* find_seat(const std::string& run);
    void refuse(Seat& seat, const std::string& sentence, const std::string& for_coordinator);
    void take(Seat& seat, cluster::Message message);
    void act(Seat& seat);
    void send(Seat& seat);
    Task<void> make_call(Seat& seat, cluster::CallId call, std::string request, TimePoint leave_by);
    void finished(Seat& seat, const cluster::CallId& call, bool was_sent, std::string text);
    void close_seats();
    bool has_left() const noexcept;
    void tell(const std::string& sentence) const;

    const ClusterWorkerOptions options_;
    const cluster::Instance instance_;
    cluster::NatsClient client_;
    std::map<std::string, std::unique_ptr<Seat>> seats_;
    TaskGroup* calls_ = nullptr;
    CancelScope serving_;
    bool is_leaving_ = false;
};

}  // namespace plait::batch
