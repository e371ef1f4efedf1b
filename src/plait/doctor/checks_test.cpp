#include "plait/doctor/checks.hpp"

#include "plait/doctor/control_groups.hpp"
#include "plait/http/message/url.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::doctor;
using namespace std::chrono_literals;

namespace {

class MadeUpMachine final : public Machine {
  public:
    batch::DescriptorLimits limits{1024, 1'048'576};
    std::map<std::string, std::string> files;
    std::size_t processor_count = 4;
    std::size_t memory = std::size_t{1} << 30;
    bool nanoseconds = true;
    net::SystemTrust trusted{"/etc/ssl/certs", 142};
    DiskTrial disk;

    batch::DescriptorLimits descriptors() const override { return limits; }
    std::optional<std::string> text_of(const std::string& path) const override {
        const auto file = files.find(path);
        return file == files.end() ? std::nullopt : std::optional(file->second);
    }
    std::size_t processors() const override { return processor_count; }
    std::size_t body_memory() const override { return memory; }
    bool has_nanosecond_waits() const override { return nanoseconds; }
    net::SystemTrust trust() const override { return trusted; }
    std::size_t certificates_in(const std::string& file) const override { return file == "own.pem" ? 2 : 0; }
    DiskTrial try_disk(const std::string&) const override { return disk; }
};

DiskTrial good_disk() {
    DiskTrial trial;
    trial.folder = "/data";
    trial.free_bytes = std::uint64_t{5} << 30;
    trial.free_files = 1000;
    trial.sync = 1500us;
    return trial;
}

Plan with_calls(std::size_t calls) {
    Plan plan;
    plan.concurrency = calls;
    return plan;
}

Plan with_server(const char* url) {
    Plan plan;
    plan.server.emplace(url);
    return plan;
}

std::string in_words(const Finding& finding) {
    return std::string(to_string(finding.verdict)) + " " + finding.name + " | " + finding.message + " | " +
           finding.advice;
}

std::string in_words(const std::optional<Finding>& finding) { return finding ? in_words(*finding) : "nothing"; }

}  // namespace

TEST_CASE("open files suffice for the calls in flight, or too few are a warning, or wrong if they were asked for") {
    MadeUpMachine machine;
    CHECK(in_words(check_descriptors(machine, Plan())) ==
          "ok open files | a process may have 1048576 open files, and a run, which has up to 1000 calls in flight, "
          "needs 1064 | ");
    machine.limits = {256, 1024};
    CHECK(in_words(check_descriptors(machine, Plan())) ==
          "warn open files | a process may have 1024 open files, and a run, which has up to 1000 calls in flight, "
          "needs 1064; only 960 calls fit | raise the hard limit with `ulimit -n 1064` as root, in limits.conf or by "
          "LimitNOFILE= of a service");
    CHECK(check_descriptors(machine, with_calls(960)).verdict == Verdict::ok);
    CHECK(check_descriptors(machine, with_calls(961)).verdict == Verdict::wrong);
    machine.limits = {65, 65};
    CHECK(check_descriptors(machine, Plan()).verdict == Verdict::warn);
    CHECK(check_descriptors(machine, Plan()).message.ends_with("; only 1 call fits"));
    machine.limits = {7, 64};
    CHECK(check_descriptors(machine, Plan()).verdict == Verdict::wrong);
    CHECK(check_descriptors(machine, Plan()).message.ends_with("; not even 1 call fits"));
    machine.limits = {256, ~std::uint64_t{0}};
    CHECK(in_words(check_descriptors(machine, with_calls(5))) ==
          "ok open files | a process may have any number of open files, and 5 calls in flight need 69 | ");
}

TEST_CASE("local ports are compared with the calls in flight and with closed connections that hold some") {
    MadeUpMachine machine;
    CHECK_FALSE(check_ports(machine, Plan()));  // the kernel does not tell
    std::string& range = machine.files["/proc/sys/net/ipv4/ip_local_port_range"];
    range = "32768\t60999\n";
    constexpr auto message =
        "28232 local ports, so at most that many connections to one address; over HTTP/1.1, each call in flight uses "
        "one";
    constexpr auto advice = "widen the range, such as sysctl -w net.ipv4.ip_local_port_range='1024 65535'";
    CHECK(in_words(check_ports(machine, Plan())) == std::string("ok local ports | ") + message + " | ");
    CHECK(in_words(check_ports(machine, with_calls(28233))) ==
          std::string("wrong local ports | ") + message + " | " + advice);
    std::string& sockets = machine.files["/proc/net/sockstat"];
    sockets = "sockets: used 9\nTCP: inuse 5 orphan 0 tw 14116 alloc 8 mem 1\nUDP: inuse 1 mem 0\n";
    CHECK(check_ports(machine, Plan())->verdict == Verdict::ok);
    sockets = "sockets: used 9\nTCP: inuse 5 orphan 0 tw 14117 alloc 8 mem 1\n";
    CHECK(in_words(check_ports(machine, Plan())) ==
          std::string("warn local ports | ") + message +
              "; 14117 closed connections hold one for a minute each (TIME_WAIT) | find the program that closes so "
              "many, or " +
              advice);
    range = "50000 50499";
    CHECK(check_ports(machine, Plan())->verdict == Verdict::warn);
    for (const char* unusable : {"", "1", "1 2 3", "x y", "9 8"}) {
        CAPTURE(unusable);
        range = unusable;
        CHECK_FALSE(check_ports(machine, Plan()));
    }
}

TEST_CASE("reserved ports are for no connection") {
    MadeUpMachine machine;
    machine.files["/proc/sys/net/ipv4/ip_local_port_range"] = "32768\t60999\n";
    std::string& reserved = machine.files["/proc/sys/net/ipv4/ip_local_reserved_ports"];
    reserved = "\n";
    CHECK(check_ports(machine, Plan())->message.starts_with("28232 local ports, "));
    reserved = "8080,32700-32769,60999-61005\n";
    CHECK(check_ports(machine, Plan())->message.starts_with("28229 local ports (3 more are reserved), "));
    reserved = "32768-60999\n";
    CHECK(check_ports(machine, Plan())->verdict == Verdict::warn);
}

TEST_CASE("few threads and processes are a warning where control groups limit them") {
    MadeUpMachine machine;
    CHECK_FALSE(check_tasks(machine));
    machine.files["/proc/self/cgroup"] = "0::/a/b\n";
    machine.files["/sys/fs/cgroup/a/b/pids.max"] = "max\n";
    machine.files["/sys/fs/cgroup/a/b/pids.current"] = "7\n";
    CHECK_FALSE(check_tasks(machine));
    machine.files["/sys/fs/cgroup/a/pids.max"] = "512\n";
    std::string& used = machine.files["/sys/fs/cgroup/a/pids.current"];
    used = "496\n";
    CHECK(in_words(check_tasks(machine)) ==
          "ok tasks | control groups allow 16 more threads and processes; --method threads and processes start one for "
          "each call in flight | ");
    used = "513\n";
    CHECK(check_tasks(machine)->message.starts_with("control groups allow 0 more"));
    CHECK(check_tasks(machine)->verdict == Verdict::warn);
    CHECK(check_tasks(machine)->advice == "raise pids.max: TasksMax= of a service, --pids-limit of a container");
    MadeUpMachine old;
    old.files["/proc/self/cgroup"] = "3:pids:/c\n";
    old.files["/sys/fs/cgroup/pids/c/pids.max"] = "100\n";
    old.files["/sys/fs/cgroup/pids/c/pids.current"] = "1\n";
    CHECK(room_for_tasks(old) == 99);
}

TEST_CASE("a full table of connections is a warning") {
    MadeUpMachine machine;
    CHECK_FALSE(check_tracking(machine, Plan()));
    machine.files["/proc/sys/net/netfilter/nf_conntrack_max"] = "65536\n";
    std::string& used = machine.files["/proc/sys/net/netfilter/nf_conntrack_count"];
    used = "64536\n";
    CHECK(in_words(check_tracking(machine, Plan())) ==
          "ok firewall | the firewall tracks 64536 of at most 65536 connections | ");
    used = "64537\n";
    CHECK(
        in_words(check_tracking(machine, Plan())) ==
        "warn firewall | the firewall tracks 64537 of at most 65536 connections; beyond that, the kernel drops packets "
        "in silence | raise net.netfilter.nf_conntrack_max");
}

TEST_CASE("no trusted certificates are wrong unless the server speaks http") {
    MadeUpMachine machine;
    CHECK(in_words(check_certificates(machine, Plan())) ==
          "ok certificates | 142 certificates in /etc/ssl/certs are trusted | ");
    machine.trusted = {"/a.pem", 1};
    CHECK(check_certificates(machine, Plan()).message == "1 certificate in /a.pem is trusted");
    machine.trusted = {"/b", 2, "/a.pem"};
    CHECK(in_words(check_certificates(machine, Plan())) ==
          "warn certificates | SSL_CERT_FILE names /a.pem, which has no certificates; 2 certificates in /b are trusted "
          "| correct the variable, or name a file with --cacert");
    machine.trusted = {"/a.pem, /b", 0};
    CHECK(in_words(check_certificates(machine, Plan())) ==
          "wrong certificates | none is trusted (looked for in /a.pem, /b), so every https call fails | install the "
          "package ca-certificates, or name a file with --cacert");
    CHECK(check_certificates(machine, with_server("https://a.example")).verdict == Verdict::wrong);
    CHECK(check_certificates(machine, with_server("http://a.example")).verdict == Verdict::warn);
    Plan plan;
    plan.ca_file = "own.pem";
    CHECK(in_words(check_certificates(machine, plan)) == "ok certificates | 2 certificates in own.pem are trusted | ");
    plan.ca_file = "none.pem";
    CHECK(in_words(check_certificates(machine, plan)) ==
          "wrong certificates | none is trusted (looked for in none.pem), so every https call fails | name a PEM file "
          "with --cacert");
}

TEST_CASE("a disk takes results, or says why not") {
    CHECK(in_words(check_disk(good_disk())) == "ok disk | /data: 5.0 GiB are free, and a synced write takes 1.5 ms | ");
    DiskTrial trial = good_disk();
    trial.failure = "create a file: Permission denied";
    CHECK(
        in_words(check_disk(trial)) ==
        "wrong disk | /data: no run can write results: create a file: Permission denied | name another place with -o");
    trial.has_folder = false;
    CHECK(in_words(check_disk(trial)) ==
          "wrong disk | the folder /data does not exist | create it, or name another with -o");
    trial.has_folder = true;
    trial.free_files = 0;
    CHECK(in_words(check_disk(trial)) ==
          "wrong disk | /data: no more files can be created | remove some, or write elsewhere");
    trial = good_disk();
    trial.free_files.reset();
    CHECK(check_disk(trial).verdict == Verdict::ok);
    trial.free_bytes = 300 << 20;
    CHECK(in_words(check_disk(trial)) ==
          "warn disk | /data: 300 MiB are free, and a synced write takes 1.5 ms | each result takes about 1 KiB "
          "plus its answer: free enough space for all of them");
    trial = good_disk();
    trial.is_memory = true;
    CHECK(check_disk(trial).advice == "results are lost when the machine stops, even with --durable");
    trial = good_disk();
    trial.has_shared_maps = false;
    CHECK(check_disk(trial).advice == "requests such as POST cost a commit each: a local disk is faster");
    trial = good_disk();
    trial.sync = 21ms;
    CHECK(in_words(check_disk(trial)) ==
          "warn disk | /data: 5.0 GiB are free, and a synced write takes 21 ms | --durable will be slow here");
}

TEST_CASE("the quota of processors is the least of a group and those around it, in either version") {
    MadeUpMachine machine;
    CHECK_FALSE(processor_quota(machine));
    machine.files["/proc/self/cgroup"] = "0::/a/b\n";
    machine.files["/sys/fs/cgroup/a/b/cpu.max"] = "max 100000\n";
    CHECK_FALSE(processor_quota(machine));
    machine.files["/sys/fs/cgroup/a/cpu.max"] = "150000 100000\n";
    CHECK(processor_quota(machine) == 1.5);
    machine.files["/sys/fs/cgroup/cpu.max"] = "50000 100000\n";
    CHECK(processor_quota(machine) == 0.5);

    MadeUpMachine old;
    old.files["/proc/self/cgroup"] = "5:cpu,cpuacct:/c\n1:name=systemd:/\n";
    old.files["/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us"] = "-1\n";
    old.files["/sys/fs/cgroup/cpu/c/cpu.cfs_period_us"] = "100000\n";
    CHECK_FALSE(processor_quota(old));
    old.files["/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us"] = "200000\n";
    CHECK(processor_quota(old) == 2);
}

TEST_CASE("less than a processor is a warning") {
    MadeUpMachine machine;
    CHECK(in_words(check_processors(machine)) ==
          "ok processors | 4 processors; a run uses one, or with --method threads or processes all | ");
    machine.files["/proc/self/cgroup"] = "0::/\n";
    machine.files["/sys/fs/cgroup/cpu.max"] = "150000 100000";
    CHECK(in_words(check_processors(machine)) ==
          "ok processors | 4 processors, of which control groups allow 1.5; a run uses one | ");
    machine.files["/sys/fs/cgroup/cpu.max"] = "50000 100000";
    CHECK(in_words(check_processors(machine)) ==
          "warn processors | 4 processors, of which control groups allow 0.5; the process is stopped again and again, "
          "and answers seem to take longer | give the container or service a whole processor");
    machine.processor_count = 1;
    machine.files["/sys/fs/cgroup/cpu.max"] = "100000 100000";
    CHECK(check_processors(machine).verdict == Verdict::ok);
}

TEST_CASE("memory for less than the largest answer, and coarse timers, are warnings") {
    MadeUpMachine machine;
    CHECK(in_words(check_memory(machine)) == "ok memory | answers in flight may take up to 1.0 GiB in total | ");
    machine.memory = std::size_t{64} << 20;
    CHECK(in_words(check_memory(machine)) ==
          "warn memory | answers in flight may take up to 64 MiB in total; a larger one fails | give the container "
          "more, or "
          "write large bodies to files with --save-bodies");
    CHECK(check_waits(machine).verdict == Verdict::ok);
    machine.nanoseconds = false;
    CHECK(
        in_words(check_waits(machine)) ==
        "warn timers | waits end up to 1 ms late, so more than 1000 sends/s leave in groups | use Linux 5.11 or later, "
        "or a sandbox that permits epoll_pwait2");
}

TEST_CASE("proxies are named with their variables") {
    const auto with = [](std::map<std::string, std::string> variables) {
        return http::proxies_from([variables = std::move(variables)](std::string_view name) {
            const auto one = variables.find(std::string(name));
            return one == variables.end() ? std::nullopt : std::optional(one->second);
        });
    };
    CHECK(in_words(check_proxies(with({}), Plan())) == "ok proxies | none: all calls go direct | ");
    CHECK(in_words(check_proxies(with({{"all_proxy", "http://p:3128"}}), Plan())) ==
          "ok proxies | https goes through http://p:3128 (all_proxy); http goes through http://p:3128 (all_proxy) | ");
    CHECK(
        in_words(check_proxies(with({{"http_proxy", "http://p:3128"}}), Plan())) ==
        "warn proxies | https goes direct: there is no proxy for https; http goes through http://p:3128 (http_proxy) | "
        "set https_proxy too if https needs the proxy");
    CHECK(in_words(check_proxies(with({{"https_proxy", "http://p:3128"}, {"no_proxy", "a.example"}}),
                                 with_server("https://a.example/x"))) ==
          "ok proxies | https://a.example goes direct: no_proxy has a.example | ");
    CHECK(in_words(check_proxies(with({{"no_proxy", "10.0.0.0/99 a.b x/y"}}), Plan())) ==
          "warn proxies | none: all calls go direct; no_proxy has entries that match nothing: '10.0.0.0/99', 'x/y' | "
          "write names, "
          "addresses, or networks such as 10.0.0.0/8");
    CHECK(
        in_words(check_proxies(with({{"http_proxy", "http://p:1"}, {"NO_PROXY", "x/y"}}), Plan()))
            .ends_with(
                "(http_proxy); NO_PROXY has entries that match nothing: 'x/y' | set https_proxy too if https needs the "
                "proxy; write names, addresses, or networks such as 10.0.0.0/8"));
}

TEST_CASE("all checks of a machine come in one order") {
    MadeUpMachine machine;
    machine.files["/proc/sys/net/ipv4/ip_local_port_range"] = "32768 60999";
    machine.disk = good_disk();
    std::string names;
    for (const Finding& finding : check_machine(machine, Plan())) {
        CHECK(finding.verdict == Verdict::ok);
        names += finding.name + ", ";
    }
    CHECK(names == "open files, local ports, certificates, disk, processors, memory, timers, ");
}

TEST_CASE("this machine can be asked everything") {
    const ThisMachine machine;
    CHECK(machine.descriptors().hard >= machine.descriptors().soft);
    CHECK(machine.processors() >= 1);
    CHECK(machine.body_memory() > 0);
    CHECK(machine.text_of("/proc/self/cgroup"));
    CHECK_FALSE(machine.text_of("/proc/no/such/file"));
}

TEST_CASE("an existing file of results is opened, and a folder is none") {
    const ThisMachine machine;
    CHECK_FALSE(machine.try_disk("/no/such/results.jsonl").has_folder);
    CHECK(machine.try_disk("/no/such/results.jsonl").folder == "/no/such");
    CHECK(machine.try_disk("/proc").failure == "/proc is a folder");
    // The file of a program that runs can't be written, whoever asks.
    CHECK(machine.try_disk("/proc/self/exe").failure == "open /proc/self/exe: Text file busy");
    CHECK(machine.try_disk("").folder == ".");
}
