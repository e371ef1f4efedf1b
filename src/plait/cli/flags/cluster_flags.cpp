#include "plait/cli/flags/cluster_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/cluster/sealed/cluster_key.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::cli {

namespace {

/// `@FILE`, as curl writes it, is the same as `FILE`.
std::string file_of(const std::string& value) { return value.starts_with('@') ? value.substr(1) : value; }

}  // namespace

cluster::ClusterOptions ClusterSettings::settle() const {
    cluster::ClusterOptions options{cluster::NatsAddress(url)};
    if (!key_file.empty()) {
        options.key = cluster::ClusterKey::read(key_file);
    } else if (!options.address.is_loopback()) {
        throw_bad_input(fmt::format(
            "--cluster {} needs --cluster-key FILE: other machines reach this broker, and without a key they "
            "could read all requests and results, and forge them. `plait cluster key > FILE` makes one; "
            "all members of the cluster have the same",
            url));
    }
    if (!creds_file.empty()) options.login = cluster::NatsLogin::read(creds_file);
    if (!ca_file.empty() && !options.address.is_encrypted)
        throw_bad_input("--cluster-cacert verifies a broker that is reached with tls://");
    options.tls.ca_file = ca_file;
    return options;
}

std::vector<Flag> cluster_flags(ClusterSettings& settings, std::string url_help) {
    return under(
        headings::cluster,
        {
            {"--cluster", "URL", std::move(url_help),
             [&settings](const std::string& value) {
                 cluster::NatsAddress{value};  // throws if it is none
                 settings.url = value;
             }},
            {"--cluster-key", "FILE",
             "Seal requests and results with the key in this file, which all members share (plait cluster key). "
             "Required unless the broker is on this machine.",
             [&settings](const std::string& value) { settings.key_file = file_of(value); }},
            {"--cluster-creds", "FILE",
             "Log in to the broker with the content of this file: the seed of an NKEY, a .creds file, or "
             "NAME:PASSWORD.",
             [&settings](const std::string& value) { settings.creds_file = file_of(value); }},
            {"--cluster-cacert", "FILE",
             "Trust the certificates in this PEM file, instead of the system's, for a broker at tls://.",
             [&settings](const std::string& value) { settings.ca_file = file_of(value); }},
        });
}

}  // namespace plait::cli
