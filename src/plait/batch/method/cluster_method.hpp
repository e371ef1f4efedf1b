#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/cluster/protocol/coordinator.hpp"
#include "plait/cluster/relay/nats_client.hpp"
#include "plait/cluster/sealed/envelope.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

/// Gives each attempt to a worker on another machine (`ClusterWorker`), over NATS. See docs/cluster.md.
///
/// `cluster::Coordinator` decides everything; this class carries its messages, and waits. The number of attempts at a
/// time is that of the workers' places: a permit to send is taken only when a place is free, so that it is the
/// permit of the departure.
class ClusterMethod final : public Method {
  public:
    /// A worker may forget a result this long after its attempt has ended here: by then the result is written.
    static constexpr Duration storing_time = std::chrono::milliseconds(300);

    explicit ClusterMethod(MethodOptions options);

    Task<Attempt> attempt(const http::Request& request) override;
    std::size_t most_in_flight() const noexcept override { return options_.concurrency; }

    /// Connects to the broker, and waits for what the workers of an earlier coordinator say that they hold.
    Task<void> begin() override;
    Task<void> work() override;
    /// Tells the workers that the run has ended.
    Task<void> end() override;
    void follow_room(std::function<void(std::size_t room)> changed) override;
    bool takes_over(std::string_view custom_id) override;
    std::vector<RemoteWorker> remote_workers() const override;

  private:
    class Waiting;

    Task<std::optional<cluster::Dispatch>> dispatch(std::string name, std::string request);
    Task<Attempt> make_once(std::string name, std::string request, bool& should_repeat);
    Task<Attempt> take_over(std::string name);
    Task<cluster::CallEnded> wait_for_end(cluster::Dispatch dispatch);
    Attempt read_answer(const cluster::CallEnded& ended, TimePoint began);
    void trace(const Attempt& attempt, cluster::Instance worker, TimePoint began);
    Task<void> beat();
    void receive(std::string_view subject, std::string_view payload);
    void take_message(std::string_view text);
    void settle();
    void send(const cluster::Coordinator::Outgoing& outgoing);
    void tell_ended();
    void tell_stored();
    void tell_room();
    void warn_once(const std::string& sentence);

    MethodOptions options_;
    cluster::ClusterOptions cluster_;
    cluster::Post post_;
    cluster::Coordinator coordinator_;
    cluster::NatsClient client_;
    std::map<cluster::CallId, Waiting*> waiting_;
    std::deque<std::pair<TimePoint, cluster::Dispatch>> to_store_;
    std::set<std::string, std::less<>> promised_;    ///< calls of an earlier run that a worker holds
    std::set<std::string, std::less<>> taken_over_;  ///< such calls whose attempt has ended
    std::set<std::string, std::less<>> warned_;
    std::function<void(std::size_t)> room_changed_;
    std::size_t room_ = 0;
    Event has_place_;
    Event is_ready_;
};

}  // namespace plait::batch
