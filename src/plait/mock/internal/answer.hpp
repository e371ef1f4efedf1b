#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/internal/request_reader.hpp"
#include "plait/mock/mock_options.hpp"
#include "plait/mock/mock_server.hpp"

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace plait::mock::internal {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view text_type = "text/plain";

/// What an answer says, and when.
struct Answer {
    Answer() {}

    Duration delay{};
    int status = 200;
    std::string_view content_type = json_type;
    std::string body;
    std::size_t fill = 0;  ///< how many bytes `x` follow the body
};

/// Draws the times that answers take.
class LatencySource {
  public:
    LatencySource(Latency range, std::uint64_t seed) : range_(range), random_(seed) {}

    Duration draw() {
        if (range_.least == range_.most) return range_.least;
        return Duration(
            std::uniform_int_distribution<Duration::rep>(range_.least.count(), range_.most.count())(random_));
    }

  private:
    Latency range_;
    std::mt19937_64 random_;
};

/// What the server answers to `request`: all of its behaviour. Not for `/stats`.
Answer decide_answer(const ReceivedRequest& request, const MockOptions& options, LatencySource& latencies);

/// Whether `request` asks for the statistics.
bool asks_for_statistics(const ReceivedRequest& request);

Answer statistics_answer(const MockStatistics& statistics);

/// The answer to what could not be read, with this status; the connection ends with it.
Answer refusal_answer(int status);

/// Appends the answer as it goes on the wire, but for the bytes that fill it up: status line, header fields, body.
void append_answer(std::string& out, const Answer& answer, const ReceivedRequest& request);

/// Whether an answer with this status to this request has a body (RFC 9112, section 6.3).
bool has_body(const Answer& answer, const ReceivedRequest& request);

}  // namespace plait::mock::internal
