#pragma once

#include "plait/cli/flags/flag.hpp"
#include "plait/cluster/relay/cluster_options.hpp"

#include <string>
#include <vector>

namespace plait::cli {

/// What flags say about the cluster.
struct ClusterSettings {
    std::string url{};         ///< empty: there is no cluster
    std::string key_file{};    ///< empty: none
    std::string creds_file{};  ///< empty: none
    std::string ca_file{};     ///< empty: the system's

    /// Reads the files. There is a URL. Throws `Error(bad_input)`, also when a broker that other machines can reach is
    /// used without a key.
    cluster::ClusterOptions settle() const;
};

/// The flags that say how the members of a cluster reach each other. `url_help` says what `--cluster` does.
/// `settings` outlives them.
std::vector<Flag> cluster_flags(ClusterSettings& settings, std::string url_help);

}  // namespace plait::cli
