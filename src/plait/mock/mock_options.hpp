#pragma once

#include "plait/base/clock.hpp"
#include "plait/coding/decoder.hpp"
#include "plait/mock/content/refusal.hpp"
#include "plait/mock/fault.hpp"
#include "plait/mock/limit/allowed_rate.hpp"
#include "plait/mock/limit/limit_headers.hpp"
#include "plait/mock/mixture.hpp"

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

/// How long answers take: a time drawn evenly from `least` to `most`, or, with a `sigma`, from a lognormal distribution
/// with the median `least`.
struct Latency {
    /// With this, every thousandth answer takes 10,000 times the median. More is a typing error.
    static constexpr double widest_sigma = 3;

    Duration least{};
    Duration most{};
    double sigma = 0;  ///< the standard deviation of the time's natural logarithm
};

/// The settings of a mock server.
struct MockOptions {
    MockOptions() {}

    /// The addresses of this machine to listen on, all with the same port.
    std::vector<std::string> hosts{"127.0.0.1"};

    /// 0: the system chooses one.
    std::uint16_t port = 0;

    /// The service time: how long making an answer takes, unless the path says.
    Latency latency;

    /// How long a request takes before that to reach the limiter and the slots, so that requests are counted in another
    /// order than they were sent.
    Latency latency_before;

    /// How much longer an answer takes for each other request in flight at its start.
    Duration latency_per_request{};

    /// How many answers are made at a time. Other requests wait, in order of arrival. 0: all.
    std::size_t slots = 0;

    /// The most open connections. Further ones are closed at once, as Node's `maxConnections` and nginx's
    /// `worker_connections` do. 0: no limit.
    std::size_t most_connections = 0;

    /// The status of answers, unless the path says: 200 to 599.
    int status = 200;

    /// The size of answers in bytes. None: they echo the request.
    std::optional<std::size_t> body_bytes;

    /// The content codings of answers, in the order in which they are applied, for requests that accept them.
    std::vector<coding::Coding> codings;

    /// Serve https, with a new self-signed certificate for `hosts` and `localhost`.
    bool tls = false;

    /// Write that certificate to this file, for clients to trust (`--cacert`). Empty: don't.
    std::string ca_file;

    /// The most requests at a time over one HTTP/2 connection.
    std::uint32_t max_streams = 100;

    /// Random seed. What is drawn for a request depends on the seed, its id, and how often that id came before, but not
    /// on the order of requests.
    std::uint64_t seed = 1;

    /// Faults, and their frequencies.
    Mixture<Fault> faults;

    /// Rate limits, which all apply. Requests over a limit are refused at once, and do not count unless the rate says
    /// so.
    std::vector<AllowedRate> allowed;

    /// The most requests in flight. Further ones are refused at once. 0: no limit.
    std::size_t most_in_flight = 0;

    /// The form of a refusal.
    Refusal refusal;

    /// Which requests are counted together. Empty: all; `path`: those with the same first segment of the path;
    /// otherwise those with the same value in the header of this name.
    std::string allowed_per;

    /// The dialects of limit headers, in the order in which they are sent.
    std::vector<LimitDialect> limit_headers{LimitDialect()};

    /// Lies in limit headers, and their frequencies.
    Mixture<Lie> lies;

    /// Crash the process on every request whose number this divides, after reading it. 0: never.
    std::uint64_t crash_every = 0;

    /// How to crash. Empty: the process kills itself (SIGKILL).
    std::function<void()> crash;

    /// The most ids that are counted one by one. Others are counted together.
    std::size_t most_ids = 1'000'000;

    /// Continue this ledger, which may be older than the server. Null: start a new one.
    std::shared_ptr<RequestLedger> ledger;

    /// The calendar time at which the loop's clock was zero, for dates.
    std::chrono::system_clock::time_point clock_epoch = epoch_of_steady_clock();

    /// Limits on the head and the body of a request. A larger one is answered with 431 or 413.
    std::size_t header_bytes = 64 * 1024;
    std::size_t request_body_bytes = 100 * 1024 * 1024;
};

}  // namespace plait::mock
