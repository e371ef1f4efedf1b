#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/allowed_rate.hpp"
#include "plait/mock/fault.hpp"
#include "plait/mock/limit_headers.hpp"
#include "plait/mock/mixture.hpp"
#include "plait/mock/refusal.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace plait::mock {

class RequestLedger;

/// How long answers take: a time drawn evenly from `least` to `most`; with a `sigma`, a lognormal one whose median is
/// `least`.
struct Latency {
    /// With it every thousandth answer takes 10,000 times as long as the median: more is a slip of the pen.
    static constexpr double widest_sigma = 3;

    Duration least{};
    Duration most{};
    double sigma = 0;  ///< the standard deviation of the time's natural logarithm
};

/// What a mock server is made with.
struct MockOptions {
    MockOptions() {}

    /// The addresses of this machine to listen at, all at the same port.
    std::vector<std::string> hosts{"127.0.0.1"};

    /// 0: the system chooses one.
    std::uint16_t port = 0;

    /// How long it takes to make an answer, unless the path says: its service time.
    Latency latency;

    /// How long it takes before that until a request reaches the limiter and the slots: answers come in another order
    /// than that in which they were counted.
    Latency latency_before;

    /// How much longer an answer takes for each other request in flight when the making of it begins.
    Duration latency_per_request{};

    /// How many answers are made at a time; the other requests wait in the order in which they came. 0: all.
    std::size_t slots = 0;

    /// How many connections are open at a time; those beyond it are closed as soon as they are there, as Node's
    /// `maxConnections` and nginx's `worker_connections` do. 0: no bound.
    std::size_t most_connections = 0;

    /// The status of the answers, unless the path says: 200 to 599.
    int status = 200;

    /// How many bytes of text the answers have; none: they are an echo of the request.
    std::optional<std::size_t> body_bytes;

    /// Serves https with a certificate of its own, made at the start, for `hosts` and `localhost`.
    bool tls = false;

    /// A file that gets this certificate, for clients to trust it (`--cacert`). Empty: none.
    std::string ca_file;

    /// Where chance begins. The same seed draws the same for the same id and the same number of its coming, in whatever
    /// order the requests come.
    std::uint64_t seed = 1;

    /// What goes wrong, and how often.
    Mixture<Fault> faults;

    /// What is let in; all of these rates hold. The rest is refused at once, and counts for none of them unless the
    /// rate says so.
    std::vector<AllowedRate> allowed;

    /// How many requests may be in flight; those beyond it are refused at once. 0: no bound.
    std::size_t most_in_flight = 0;

    /// How a request is refused.
    Refusal refusal;

    /// Whose requests are counted together: empty, everybody's; `path`, those with the same first segment of the path;
    /// else those with the same value in the header of this name.
    std::string allowed_per;

    /// How limits are told, of the first dialect to the last.
    std::vector<LimitDialect> limit_headers{LimitDialect()};

    /// What is wrong in them, and how often.
    Mixture<Lie> lies;

    /// Each request with a number that this divides ends the process when it was read; 0: none does.
    std::uint64_t crash_every = 0;

    /// How a crash is made. Empty: the process kills itself (SIGKILL).
    std::function<void()> crash;

    /// Ids that are counted one by one; those that come beyond it are counted together.
    std::size_t most_ids = 1'000'000;

    /// Counts on in this ledger, which may be older than the server; null: in one of its own.
    std::shared_ptr<RequestLedger> ledger;

    /// The calendar's time when the loop's clock showed zero, for dates.
    std::chrono::system_clock::time_point clock_epoch = epoch_of_steady_clock();

    /// The most that a request may have before its body, and in it. Whoever sends more is answered 431 or 413.
    std::size_t header_bytes = 64 * 1024;
    std::size_t request_body_bytes = 100 * 1024 * 1024;
};

}  // namespace plait::mock
