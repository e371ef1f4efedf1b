#pragma once

#include "plait/base/clock.hpp"
#include "plait/batch/answer/cost_source.hpp"
#include "plait/batch/answer/expectation.hpp"
#include "plait/batch/follow/follow_rule.hpp"
#include "plait/batch/method/methods.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/run/runner.hpp"
#include "plait/cluster/relay/cluster_options.hpp"
#include "plait/http/redirects.hpp"
#include "plait/http/session.hpp"
#include "plait/policy/hedge.hpp"
#include "plait/policy/pace/rate_limit.hpp"
#include "plait/policy/retry.hpp"
#include "plait/policy/retry_budget.hpp"
#include "plait/policy/stop_rules.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plait::batch {

/// The options of a `Run`: name those that you need, `{.limits = {parse_rate_limit("requests=500/m")}, .durable =
/// true}`.
struct RunOptions {
    // Limits and concurrency.

    /// Rate limits, of each group of calls. What earlier runs with the same results sent counts, too.
    std::vector<policy::RateLimit> limits{};
    /// Calls in flight in all. Nothing: each group finds out how many its servers take well.
    std::optional<std::size_t> concurrency{};
    /// Calls in flight to each origin, whatever their groups. Nothing: no limit of its own.
    std::optional<std::size_t> concurrency_per_origin{};
    /// Calls that are read before they can be sent.
    std::size_t read_ahead = RunnerOptions().read_ahead;

    // Retries.

    policy::RetryOptions retry{};
    /// Of each group. A call alone may use up its attempts, whatever this says.
    policy::RetryBudgetOptions retry_budget{};
    /// Time limit of a whole call with its attempts and waits, from its first send.
    Duration deadline = CallerOptions().deadline;
    /// Sends a second copy of slow calls that are safe to repeat.
    std::optional<policy::HedgeOptions> hedge{};
    /// Answers that count as refusals, beside the well-known ones.
    std::vector<std::shared_ptr<const Expectation>> refusals{};
    /// A shell command that prints new credentials after a 401 (`AuthCommand`). Empty: none.
    std::string auth_command{};

    // Stopping early.

    /// The most that all runs with the same results may spend.
    std::vector<policy::Budget> budgets{};
    std::vector<policy::StopIf> stop_rules{};
    /// This many calls must go well before the rest is sent. 0: none.
    std::size_t canary = 0;
    /// Where answers say what a call cost.
    std::optional<CostSource> cost_from{};

    // Requests and results.

    /// What holds for request lines that don't say otherwise. Its `key_seed` is the run's id.
    RequestDefaults requests{};
    /// Results leave in the order of the input, instead of the order of completion.
    bool ordered = false;
    ResultFormat result_format{};
    /// Saves large bodies as files in this folder, named after the `custom_id`, instead of in results. The folder is
    /// made if it is missing.
    std::optional<http::BodyFolder> save_bodies{};

    // Pages and jobs.

    /// What makes further requests part of calls that say nothing about it: their pages, or the polls of their jobs.
    std::shared_ptr<const FollowRule> follow{};
    /// The most pages of a call whose rule names no number.
    std::optional<std::size_t> max_pages{};

    // Resuming.

    /// Starts over: replaces results and state of an earlier run.
    bool overwrite = false;
    /// Accepts lines that were appended to the input since an earlier run.
    bool extend = false;
    /// Waits for the disk before an unsafe request is sent, and after each batch of results.
    bool durable = false;
    /// Resends unsafe requests whose outcome an earlier run never learned. They may execute twice.
    bool repeat_unknown = false;

    // Connection and method.

    http::SessionOptions session{};
    /// Which redirects are followed.
    http::RedirectOptions redirects{};
    /// Sends the cookies of answers with later requests, in the order in which they end.
    bool cookies = false;
    /// Does so with the cookies of this file, in Netscape's format, and keeps them in it. Empty: none.
    std::string cookie_jar{};
    /// Who makes the attempts: an entry of `methods`.
    const MethodEntry* method = &methods.front();
    /// Coordinates workers on other machines, which make the attempts; `method` is then `&cluster_method`.
    std::optional<cluster::ClusterOptions> cluster{};
    /// Time limit for calls in flight after an interruption.
    Duration grace = RunnerOptions().grace;

    // Diagnosis.

    /// Records a trace in this file. Run it in a loop that is made with `Run::loop_options`. Empty: no trace.
    std::string trace{};
    /// The URL of a page that shows the run, for its reports. Empty: none.
    std::string page_url{};
    /// Called with each warning, a sentence.
    std::function<void(const std::string& sentence)> warn{};
};

/// Reads a rule such as `failed>20% of 200`. Throws `Error(bad_input)`, also if the rule names no `Outcome`.
policy::StopIf parse_stop_rule(const std::string& text);

/// Returns the only unit of limits and budgets beside requests; empty if there are none or several.
std::string usual_unit(const RunOptions& options);

/// Returns how many calls a run with these options may have in flight on this machine.
std::size_t concurrency_of(const RunOptions& options);

/// Raises the limit of open files of this process for a run with these options. Throws `Error(bad_input)` when
/// the hard limit is too low.
void raise_descriptor_limit(const RunOptions& options);

}  // namespace plait::batch
