#include "plait/doctor/checks.hpp"

#include "plait/base/text/joined.hpp"
#include "plait/base/text/words.hpp"
#include "plait/doctor/control_groups.hpp"
#include "plait/http/body/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <string_view>
#include <utility>

namespace plait::doctor {

namespace {

std::string in_bytes(std::uint64_t bytes) {
    constexpr std::array<const char*, 4> units{"MiB", "GiB", "TiB", "PiB"};
    double amount = static_cast<double>(bytes) / (1 << 20);
    std::size_t unit = 0;
    for (; amount >= 1024 && unit + 1 < units.size(); ++unit) amount /= 1024;
    return fmt::format("{:.{}f} {}", amount, amount < 10 ? 1 : 0, units[unit]);
}

/// The ports of a range that are reserved, and so given to no connection: a list such as `8080,9000-9100`.
std::uint64_t reserved_ports(const Machine& machine, double first, double last) {
    std::istringstream list(machine.text_of("/proc/sys/net/ipv4/ip_local_reserved_ports").value_or(""));
    double count = 0;
    for (std::string item; std::getline(list, item, ',');) {
        char* rest = nullptr;
        const double from = std::strtod(item.c_str(), &rest);
        const double to = *rest == '-' ? std::strtod(rest + 1, nullptr) : from;
        count += std::max(0.0, std::min(to, last) - std::max(from, first) + 1);
    }
    return static_cast<std::uint64_t>(count);
}

std::string calls_in_flight(const Plan& plan) {
    return plan.concurrency ? fmt::format("{} calls in flight", *plan.concurrency)
                            : fmt::format("a run, which has up to {} calls in flight,", plan.most_adaptive);
}

/// What was asked for and can't be is wrong; less than a run could use is a warning.
Verdict too_few(const Plan& plan) { return plan.concurrency ? Verdict::wrong : Verdict::warn; }

/// Connections that were closed on this side and still hold a local port.
std::uint64_t waiting_connections(const Machine& machine) {
    const std::string text = machine.text_of("/proc/net/sockstat").value_or("");
    const auto line = text.find("TCP: ");
    const auto at = line == std::string::npos ? line : text.find(" tw ", line);
    return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 4, nullptr, 10);
}

}  // namespace

std::vector<Finding> check_machine(const Machine& machine, const Plan& plan) {
    std::vector<Finding> findings{check_descriptors(machine, plan)};
    if (auto finding = check_ports(machine, plan)) findings.push_back(std::move(*finding));
    if (auto finding = check_tracking(machine, plan)) findings.push_back(std::move(*finding));
    findings.push_back(check_certificates(machine, plan));
    findings.push_back(check_disk(machine.try_disk(plan.output)));
    findings.push_back(check_processors(machine));
    if (auto finding = check_tasks(machine)) findings.push_back(std::move(*finding));
    findings.push_back(check_memory(machine));
    findings.push_back(check_waits(machine));
    return findings;
}

Finding check_descriptors(const Machine& machine, const Plan& plan) {
    const batch::DescriptorLimits limits = machine.descriptors();
    const std::uint64_t needed = batch::descriptors_for(plan.calls(), 1);
    const std::string most =
        limits.hard == std::numeric_limits<std::uint64_t>::max() ? "any number of" : fmt::to_string(limits.hard);
    const std::string message =
        fmt::format("a process may have {} open files, and {} need{}", most, calls_in_flight(plan),
                    fmt::format("{} {}", plan.concurrency ? "" : "s", needed));
    if (needed <= limits.hard) return {"open files", Verdict::ok, message};
    // `calls_within` is at least 1, even if that does not fit.
    const std::size_t calls = batch::calls_within(plan.calls(), 1, limits);
    const bool has_none = limits.hard < batch::descriptors_for(1, 1);
    const std::string fitting =
        has_none ? "not even 1 call fits" : fmt::format("only {} {}", calls, calls == 1 ? "call fits" : "calls fit");
    return {"open files", has_none ? Verdict::wrong : too_few(plan), fmt::format("{}; {}", message, fitting),
            fmt::format("raise the hard limit with `ulimit -n {}` as root, in limits.conf or by LimitNOFILE= of a "
                        "service",
                        needed)};
}

std::optional<Finding> check_ports(const Machine& machine, const Plan& plan) {
    const auto range = numbers_in(machine, "/proc/sys/net/ipv4/ip_local_port_range", 2);
    if (!range || (*range)[1] < (*range)[0]) return std::nullopt;
    const std::uint64_t reserved = reserved_ports(machine, (*range)[0], (*range)[1]);
    const auto ports = static_cast<std::uint64_t>((*range)[1] - (*range)[0]) + 1 - reserved;
    const std::string message = fmt::format(
        "{} local ports{}, so at most that many connections to one address; over HTTP/1.1, each call in flight uses "
        "one",
        ports, reserved == 0 ? "" : fmt::format(" ({} more are reserved)", reserved));
    const std::string widen = "widen the range, such as sysctl -w net.ipv4.ip_local_port_range='1024 65535'";
    if (ports < plan.calls()) return Finding("local ports", too_few(plan), message, widen);
    const std::uint64_t waiting = waiting_connections(machine);
    if (waiting <= ports / 2) return Finding("local ports", Verdict::ok, message);
    return Finding("local ports", Verdict::warn,
                   fmt::format("{}; {} closed connections hold one for a minute each (TIME_WAIT)", message, waiting),
                   "find the program that closes so many, or " + widen);
}

std::optional<Finding> check_tracking(const Machine& machine, const Plan& plan) {
    const auto most = numbers_in(machine, "/proc/sys/net/netfilter/nf_conntrack_max", 1);
    const auto used = numbers_in(machine, "/proc/sys/net/netfilter/nf_conntrack_count", 1);
    if (!most || !used) return std::nullopt;
    const std::string message =
        fmt::format("the firewall tracks {:.0f} of at most {:.0f} connections", used->front(), most->front());
    if (used->front() + static_cast<double>(plan.calls()) <= most->front())
        return Finding("firewall", Verdict::ok, message);
    return Finding("firewall", Verdict::warn, message + "; beyond that, the kernel drops packets in silence",
                   "raise net.netfilter.nf_conntrack_max");
}

Finding check_certificates(const Machine& machine, const Plan& plan) {
    constexpr std::string_view name = "certificates";
    const bool is_own = !plan.ca_file.empty();
    const net::SystemTrust trust =
        is_own ? net::SystemTrust{plan.ca_file, machine.certificates_in(plan.ca_file)} : machine.trust();
    if (trust.certificates > 0) {
        const std::string trusted =
            fmt::format("{} certificate{} in {} {} trusted", trust.certificates, trust.certificates == 1 ? "" : "s",
                        trust.place, trust.certificates == 1 ? "is" : "are");
        if (trust.unusable_file.empty()) return {name, Verdict::ok, trusted};
        return {name, Verdict::warn,
                fmt::format("SSL_CERT_FILE names {}, which has no certificates; {}", trust.unusable_file, trusted),
                "correct the variable, or name a file with --cacert"};
    }
    const bool is_needed = !plan.server || plan.server->is_https();
    return {
        name, is_needed ? Verdict::wrong : Verdict::warn,
        fmt::format("none is trusted (looked for in {}), so every https call fails", trust.place),
        is_own ? "name a PEM file with --cacert" : "install the package ca-certificates, or name a file with --cacert"};
}

Finding check_disk(const DiskTrial& trial) {
    constexpr std::string_view name = "disk";
    constexpr std::uint64_t little_room = std::uint64_t{1} << 30;
    constexpr Duration slow = std::chrono::milliseconds(20);
    const auto about = [&trial](std::string_view text) { return fmt::format("{}: {}", trial.folder, text); };
    if (!trial.has_folder)
        return {name, Verdict::wrong, fmt::format("the folder {} does not exist", trial.folder),
                "create it, or name another with -o"};
    if (trial.free_files && *trial.free_files == 0)
        return {name, Verdict::wrong, about("no more files can be created"), "remove some, or write elsewhere"};
    if (!trial.failure.empty())
        return {name, Verdict::wrong, about("no run can write results: " + trial.failure),
                "name another place with -o"};
    const std::string message = about(
        fmt::format("{} are free, and a synced write takes {}", in_bytes(trial.free_bytes), in_words(trial.sync)));
    if (trial.free_bytes < little_room)
        return {name, Verdict::warn, message,
                "each result takes about 1 KiB plus its answer: free enough space for all of them"};
    if (trial.is_memory)
        return {name, Verdict::warn, message + "; it is in memory",
                "results are lost when the machine stops, even with --durable"};
    if (!trial.has_shared_maps)
        return {name, Verdict::warn, message + "; files can't be mapped into shared memory",
                "requests such as POST cost a commit each: a local disk is faster"};
    if (trial.sync > slow) return {name, Verdict::warn, message, "--durable will be slow here"};
    return {name, Verdict::ok, message};
}

Finding check_processors(const Machine& machine) {
    const std::size_t processors = machine.processors();
    const std::string message = fmt::format("{} processor{}", processors, processors == 1 ? "" : "s");
    const std::optional<double> quota = processor_quota(machine);
    if (!quota || *quota >= static_cast<double>(processors))
        return {"processors", Verdict::ok, message + "; a run uses one, or with --method threads or processes all"};
    const std::string limited = fmt::format("{}, of which control groups allow {:.3g}", message, *quota);
    if (*quota >= 1) return {"processors", Verdict::ok, limited + "; a run uses one"};
    return {"processors", Verdict::warn,
            limited + "; the process is stopped again and again, and answers seem to take longer",
            "give the container or service a whole processor"};
}

std::optional<Finding> check_tasks(const Machine& machine) {
    // A run has some for itself, one loop and its helpers, even if a service keeps others in the group busy.
    constexpr std::uint64_t of_a_run = 16;
    const std::optional<std::uint64_t> room = room_for_tasks(machine);
    if (!room) return std::nullopt;
    const std::string message = fmt::format(
        "control groups allow {} more threads and processes; --method threads and processes start one for each call in "
        "flight",
        *room);
    if (*room >= of_a_run) return Finding("tasks", Verdict::ok, message);
    return Finding("tasks", Verdict::warn, message,
                   "raise pids.max: TasksMax= of a service, --pids-limit of a container");
}

Finding check_memory(const Machine& machine) {
    const std::size_t memory = machine.body_memory();
    const std::string message = fmt::format("answers in flight may take up to {} in total", in_bytes(memory));
    if (memory >= http::Limits().body_bytes) return {"memory", Verdict::ok, message};
    return {"memory", Verdict::warn, message + "; a larger one fails",
            "give the container more, or write large bodies to files with --save-bodies"};
}

Finding check_waits(const Machine& machine) {
    if (machine.has_nanosecond_waits()) return {"timers", Verdict::ok, "timers are accurate to a microsecond"};
    return {"timers", Verdict::warn, "waits end up to 1 ms late, so more than 1000 sends/s leave in groups",
            "use Linux 5.11 or later, or a sandbox that permits epoll_pwait2"};
}

namespace {

Finding check_ways(const http::ProxySettings& settings, const Plan& plan) {
    constexpr std::string_view name = "proxies";
    if (plan.server) {
        const http::Url& url = *plan.server;
        return {name, Verdict::ok,
                fmt::format("{} goes {}", url.origin(), settings.explain(url.is_https(), url.host(), url.port()))};
    }
    if (settings.empty()) return {name, Verdict::ok, "none: all calls go direct"};
    constexpr std::string_view any_host = "host.example";
    const std::string message = fmt::format("https goes {}; http goes {}", settings.explain(true, any_host, 443),
                                            settings.explain(false, any_host, 80));
    if (settings.for_https) return {name, Verdict::ok, message};
    return {name, Verdict::warn, message, "set https_proxy too if https needs the proxy"};
}

}  // namespace

Finding check_proxies(const http::ProxySettings& settings, const Plan& plan) {
    Finding finding = check_ways(settings, plan);
    const std::vector<std::string_view> unusable = settings.no_proxy.value.unusable();
    if (unusable.empty()) return finding;
    finding.verdict = Verdict::warn;
    finding.message +=
        fmt::format("; {} has entries that match nothing: '{}'", settings.no_proxy.source, joined_by(unusable, "', '"));
    finding.advice += finding.advice.empty() ? "" : "; ";
    finding.advice += "write names, addresses, or networks such as 10.0.0.0/8";
    return finding;
}

}  // namespace plait::doctor
