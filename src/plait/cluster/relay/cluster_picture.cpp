#include "plait/cluster/relay/cluster_picture.hpp"

#include "plait/async/cancel_scope.hpp"
#include "plait/async/coordination/event.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/cluster/protocol/messages.hpp"
#include "plait/cluster/relay/nats_client.hpp"
#include "plait/cluster/relay/subjects.hpp"
#include "plait/cluster/sealed/envelope.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace plait::cluster {

namespace {

/// Listens, and draws.
class Listener {
  public:
    explicit Listener(const ClusterOptions& options) : key_(options.key) {}

    void hear(std::string_view subject, std::string_view payload) {
        const std::optional<std::string> run = run_of(subject);
        if (!run || picture_.runs.size() >= most_runs) return;
        auto [post, is_new] = posts_.try_emplace(*run);
        if (is_new) post->second = std::make_unique<Post>(key_, *run);
        const Envelope envelope = post->second->open(subject, payload);
        ClusterPicture::Run& drawn = picture_.runs[*run];
        if (envelope.kind == Envelope::Kind::locked) drawn.is_locked = true;
        if (envelope.kind != Envelope::Kind::message) return;
        try {
            std::string_view bundle = envelope.text;
            while (const std::optional<Message> message = take_first(bundle)) draw(drawn, *message);
        } catch (const Error&) {  // not from plait: not a part of the picture
        }
    }

    ClusterPicture take() { return std::move(picture_); }

  private:
    static constexpr std::size_t most_runs = 1000;

    static void draw(ClusterPicture::Run& run, const Message& message) {
        if (const auto* news = std::get_if<EpochNews>(&message)) {
            run.has_coordinator = true;
            run.epoch = news->epoch;
            run.version = news->version;
        } else if (const auto* beat = std::get_if<Beat>(&message)) {
            run.workers[beat->instance] = {beat->host, beat->version, static_cast<std::size_t>(beat->slots),
                                           beat->holds.size(), beat->is_leaving};
        }
    }

    const ClusterKey key_;
    std::map<std::string, std::unique_ptr<Post>> posts_;
    ClusterPicture picture_;
};

/// Ends `scope` some time after the connection was made.
Task<void> end_in_time(Event& is_connected, CancelScope& scope) {
    co_await is_connected.wait();
    co_await sleep_for(listening_time);
    scope.cancel();
}

}  // namespace

Task<ClusterPicture> look_at_cluster(ClusterOptions options) {
    Listener listener(options);
    NatsOptions client_options(options.address);
    client_options.login = options.login;
    client_options.tls = options.tls;
    client_options.name = "plait cluster status";
    client_options.on_message = [&listener](std::string_view subject, std::string_view payload) {
        listener.hear(subject, payload);
    };
    Event is_connected;
    client_options.on_connected = [&is_connected] { is_connected.set(); };
    NatsClient client(std::move(client_options));
    client.subscribe(std::string(all_runs));
    client.subscribe("plait.*.in");
    CancelScope scope;
    TaskGroup beside;
    beside.start(end_in_time(is_connected, scope), "time");
    co_await scope.run(client.run());
    co_await beside.join();
    co_return listener.take();
}

}  // namespace plait::cluster
