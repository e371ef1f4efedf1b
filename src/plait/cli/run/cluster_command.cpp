#include "plait/cli/run/cluster_command.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cluster/relay/cluster_picture.hpp"
#include "plait/cluster/sealed/cluster_key.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>

namespace plait::cli {

namespace {

std::string text_of(const std::string& id, const cluster::ClusterPicture::Run& run) {
    std::string text = fmt::format("run {}", id);
    if (run.is_locked) return text + ": has another --cluster-key\n";
    text += run.has_coordinator ? fmt::format(": coordinated by plait {}, epoch {}\n", run.version, run.epoch)
                                : std::string(": its coordinator is silent\n");
    for (const auto& [instance, worker] : run.workers) {
        text += fmt::format("  worker {} (plait {}): {} slots, holds {} calls{}\n", worker.host, worker.version,
                            worker.slots, worker.holds, worker.is_leaving ? ", is leaving" : "");
    }
    if (run.workers.empty()) text += "  no worker\n";
    return text;
}

}  // namespace

std::string_view ClusterCommand::help() const {
    return "Make a key for a cluster (key), or show its runs and workers (status URL).";
}

Positional ClusterCommand::positional() const {
    return {
        "ACTION",
        "key: print a new key for --cluster-key. status URL: listen to the NATS server at URL for a second, and list "
        "runs and their workers."};
}

std::vector<Flag> ClusterCommand::flags() {
    std::vector<Flag> flags = cluster_flags(cluster_, "");
    std::erase_if(flags, [](const Flag& flag) { return flag.long_name() == "--cluster"; });
    return flags;
}

int ClusterCommand::run() {
    if (words_.size() == 1 && words_.front() == "key") {
        print(stdout, cluster::ClusterKey::random().text() + "\n");
        return exit_ok;
    }
    if (words_.size() == 2 && words_.front() == "status") return show_status();
    throw_bad_input("give one ACTION: key, or status URL");
}

int ClusterCommand::show_status() {
    cluster_.url = words_.back();
    const cluster::ClusterPicture picture = plait::run(cluster::look_at_cluster(cluster_.settle()));
    std::string text = picture.runs.empty() ? "no runs found\n" : "";
    for (const auto& [id, run] : picture.runs) text += text_of(id, run);
    print(stdout, text);
    return exit_ok;
}

}  // namespace plait::cli
