#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plait::mock {

/// How long answers take: a time drawn evenly from `least` to `most`.
struct Latency {
    Duration least{};
    Duration most{};
};

/// What a mock server is made with.
struct MockOptions {
    MockOptions() {}

    /// The addresses of this machine to listen at, all at the same port.
    std::vector<std::string> hosts{"127.0.0.1"};

    /// 0: the system chooses one.
    std::uint16_t port = 0;

    /// How long after a request its answer is sent, unless the path says.
    Latency latency;

    /// The status of the answers, unless the path says: 200 to 599.
    int status = 200;

    /// How many bytes of text the answers have; none: they are an echo of the request.
    std::optional<std::size_t> body_bytes;

    /// Serves https with a certificate of its own, made at the start, for `hosts` and `localhost`.
    bool tls = false;

    /// A file that gets this certificate, for clients to trust it (`--cacert`). Empty: none.
    std::string ca_file;

    /// Where the random latencies begin: the same seed gives the same ones.
    std::uint64_t seed = 1;

    /// The most that a request may have before its body, and in it. Whoever sends more is answered 431 or 413.
    std::size_t header_bytes = 64 * 1024;
    std::size_t request_body_bytes = 100 * 1024 * 1024;
};

}  // namespace plait::mock
