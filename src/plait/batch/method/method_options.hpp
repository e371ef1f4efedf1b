#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/method/status_request.hpp"
#include "plait/batch/method/stop_request.hpp"
#include "plait/cluster/relay/cluster_options.hpp"
#include "plait/http/session.hpp"
#include "plait/trace/trace_file.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace plait::batch {

class Call;
class CallRules;

/// The call that an attempt belongs to, as far as a later run needs to know it.
class AttemptOwner {
  public:
    AttemptOwner() {}

    /// What a later run takes the attempt over by: the custom_id. Empty if the later run can do without the attempt.
    std::string name() const { return is_first ? unsafe_call : std::string(); }

    /// The custom_id of a call that must not be made twice. Empty: it may be.
    std::string unsafe_call;
    /// Whether this is the first request of the call, or that again: not a page, nor where a redirect led to.
    bool is_first = false;
    /// Whether the request may be sent again although the call must not be made twice, as the GET after a 303, or that
    /// of a page.
    bool may_repeat = false;
    std::uint64_t line = 0;
};

/// The options of a method.
class MethodOptions {
  public:
    MethodOptions() {}

    http::SessionOptions session;
    /// The most attempts at a time; for threads and processes, their number.
    std::size_t concurrency = 1;
    /// For a method that blocks the loop: tells it to give up. Outlives the method; null: never.
    const StopRequest* stop = nullptr;
    Duration grace{};
    /// For a method that blocks the loop: asks it for the status. Outlives the method; null: never.
    StatusRequest* status = nullptr;
    /// Records what attempts do on threads and in processes; the same as the runner's. Outlives the method; null: no
    /// trace.
    trace::TraceFile* trace = nullptr;

    // For the cluster.

    std::optional<cluster::ClusterOptions> cluster;
    /// Identifies the run, and counts its coordinators.
    std::string run_id;
    std::uint64_t epoch = 1;
    /// Whether attempts must leave soon after their permit, because the run has rate limits.
    bool has_limits = false;
    /// Returns whose attempt a request with these rules is. Empty: that of a call that may be made twice.
    std::function<AttemptOwner(const Call& call, const CallRules& rules, const http::Request& request)> owner_of;
    /// Called with each warning, a sentence.
    std::function<void(const std::string& sentence)> warn;
};

}  // namespace plait::batch
