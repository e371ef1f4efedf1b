#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/cluster/relay/cluster_options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace plait::cluster {

/// What is heard on the subjects of a cluster.
struct ClusterPicture {
    struct Worker {
        std::string host;
        std::string version;
        std::size_t slots = 0;
        std::size_t holds = 0;  ///< calls, and results that are not stored
        bool is_leaving = false;
    };
    struct Run {
        bool is_locked = false;  ///< it has another key
        bool has_coordinator = false;
        std::string version;
        std::uint64_t epoch = 0;
        std::map<std::uint64_t, Worker> workers;
    };

    std::map<std::string, Run> runs;  ///< by id
};

/// How long to listen: each member beats several times meanwhile.
inline constexpr Duration listening_time = std::chrono::milliseconds(1200);

/// Listens to a cluster for `listening_time`, and changes nothing. Throws `Error` when the broker can't be reached.
Task<ClusterPicture> look_at_cluster(ClusterOptions options);

}  // namespace plait::cluster
