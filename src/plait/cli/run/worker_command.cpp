#include "plait/cli/run/worker_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/method/cluster_worker.hpp"
#include "plait/batch/method/descriptor_limit.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/interrupts.hpp"
#include "plait/cli/screen/terminal.hpp"
#include "plait/cluster/protocol/numbers.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t usual_concurrency = 100;
constexpr std::size_t descriptors_per_call = 1;

/// The flags of connections that are the worker's own matter. The run decides the others.
constexpr std::array own_flags{"--cacert",  "--cert",    "--key",        "--proxy",
                               "--noproxy", "--resolve", "--connect-to", "--unix-socket"};

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

Task<void> work_until_interrupted(batch::ClusterWorker& worker, StandardError& screen) {
    bool was_interrupted = false;
    const Interrupts interrupts([&] {
        screen.write(std::exchange(was_interrupted, true)
                         ? "plait: abandoning the calls in flight\n"
                         : fmt::format("plait: leaving: {} in flight (interrupt again to abandon them)\n",
                                       worker.running() == 1 ? "1 call" : fmt::format("{} calls", worker.running())));
        worker.leave();
    });
    co_await worker.work();
}

}  // namespace

std::string_view WorkerCommand::help() const {
    return "Make calls for the runs of a cluster, on this machine, until Ctrl-C (docs/cluster.md).";
}

std::string_view WorkerCommand::notes() const {
    return "Start any number of workers, on any machines, at any time. A run finds them within a second, and goes on "
           "when one leaves or dies. Ctrl-C or SIGTERM: take no more calls, finish those in flight, hand over their "
           "results and exit. Requests come with their secrets filled in; the worker needs none.";
}

std::vector<Flag> WorkerCommand::flags() {
    std::vector<Flag> reached = connection_flags(settings_);
    std::erase_if(reached, [](const Flag& flag) {
        return std::find(own_flags.begin(), own_flags.end(), flag.long_name()) == own_flags.end();
    });
    return joined(
        cluster_flags(cluster_,
                      "Take calls from the runs at this NATS server: nats://HOST:PORT, or tls://HOST:PORT for an "
                      "encrypted connection. Required."),
        under(
            headings::limits,
            {{"--concurrency", "N",
              fmt::format("Make at most N calls at a time, of all runs together. Default: {}.", usual_concurrency),
              [this](const std::string& value) { concurrency_ = parse_count(value, 1, cluster::most_slots); }},
             {"--for", "RUN", "Work for the run with this id only, which plait cluster status lists. Default: for all.",
              [this](const std::string& value) { only_run_ = value; }}}),
        std::move(reached),
        under(headings::diagnosis, {{"--quiet", "", "Do not say which runs begin and end.",
                                     [this](const std::string&) { quiet_ = true; }}}));
}

int WorkerCommand::run() {
    if (cluster_.url.empty()) throw_bad_input("--cluster URL is missing: the NATS server of the cluster");
    batch::ClusterWorkerOptions options(cluster_.settle());
    settle(settings_, {});
    options.session = settings_.session;
    options.concurrency = concurrency_.value_or(usual_concurrency);
    options.only_run = only_run_;
    options.host = host_name();
    StandardError screen;
    if (!quiet_) {
        options.tell = [&screen](const std::string& sentence) { screen.write(fmt::format("plait: {}\n", sentence)); };
    }
    batch::raise_descriptor_limit(options.concurrency, descriptors_per_call);
    batch::ClusterWorker worker(std::move(options));
    plait::run(work_until_interrupted(worker, screen));
    return exit_ok;
}

}  // namespace plait::cli
