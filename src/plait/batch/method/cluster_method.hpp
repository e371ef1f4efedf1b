#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/base/clock.hpp"
#include "plait/batch/method/internal/body_saver.hpp"
#include "plait/batch/method/internal/unwritten_answers.hpp"
#include "plait/batch/method/method.hpp"
#include "plait/batch/method/method_options.hpp"
#include "plait/cluster/protocol/coordinator.hpp"
#include "plait/cluster/protocol/outbox.hpp"
#include "plait/cluster/relay/nats_client.hpp"
#include "plait/cluster/sealed/envelope.hpp"

#include <cstddef>
#include <cstdint>
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
/// time is that of the workers' slots: a permit to send is taken only when a slot is free, so that it is the
/// permit of the departure.
class ClusterMethod final : public Method {
  public:
    explicit ClusterMethod(MethodOptions options);

    /// As for a request that may be sent twice: no later run takes the attempt over.
    Task<Attempt> attempt(const http::Request& request) override;
    Task<Attempt> attempt_of(const Call& call, const CallRules& rules, const http::Request& request) override;
    std::size_t most_in_flight() const noexcept override { return options_.concurrency; }

    /// Connects to the broker, and waits for what the workers of an earlier coordinator say that they hold.
    Task<void> begin() override;
    Task<void> work() override;
    /// Tells the workers that the run has ended, unless a later one may take over what they hold.
    Task<void> end(bool has_finished) override;
    void follow_room(std::function<void(std::size_t room)> changed) override;
    std::function<void(std::uint64_t line)> follow_results() override;
    bool takes_over(std::string_view custom_id) override;
    std::vector<RemoteWorker> remote_workers() const override;

  private:
    class Waiting;
    using Owner = AttemptOwner;

    Task<Attempt> attempt_for(Owner owner, const http::Request& request);
    Task<std::optional<cluster::Dispatch>> dispatch(std::string name, std::string request);
    Task<Attempt> make_once(Owner owner, std::string request, bool& should_repeat);
    Task<Attempt> take_over(Owner owner);
    Task<cluster::CallEnded> wait_for_end(cluster::Dispatch dispatch, Owner owner);
    Task<Attempt> read_answer(cluster::CallEnded ended, TimePoint began);
    void trace(const Attempt& attempt, cluster::Instance worker, TimePoint began);
    Task<void> beat();
    void receive(std::string_view subject, std::string_view payload);
    void take_bundle(std::string_view bundle);
    void answered(const cluster::CallEnded& answer, const Owner& owner);
    void result_written(std::uint64_t line);
    void settle();
    void send(const cluster::Coordinator::Outgoing& outgoing);
    cluster::Outbox outbox(std::string subject);
    cluster::Outbox& outbox_for(const cluster::Coordinator::Outgoing& outgoing);
    void flush();
    void tell_ended();
    void tell_room();
    void denied(const std::string& sentence);
    void warn_once(const std::string& sentence);

    MethodOptions options_;
    cluster::ClusterOptions cluster_;
    cluster::Post post_;
    cluster::Coordinator coordinator_;
    cluster::NatsClient client_;
    cluster::Outbox to_all_;
    cluster::Outbox to_itself_;
    std::map<cluster::Instance, cluster::Outbox> to_workers_;
    std::map<cluster::CallId, Waiting*> waiting_;
    internal::UnwrittenAnswers unwritten_;           ///< of unsafe calls
    std::optional<internal::BodySaver> body_saver_;  ///< for `--save-bodies`
    std::set<std::string, std::less<>> promised_;    ///< calls of an earlier run that a worker holds
    std::set<std::string, std::less<>> taken_over_;  ///< such calls that were taken over
    std::set<std::string, std::less<>> warned_;
    std::function<void(std::size_t)> room_changed_;
    std::size_t room_ = 0;
    std::string denied_;  ///< which permission this run lacks, before it has begun
    Event has_slot_;
    Event is_ready_;
};

}  // namespace plait::batch
