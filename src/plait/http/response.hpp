#pragma once

#include "plait/base/clock.hpp"
#include "plait/http/headers.hpp"

#include <string>

namespace plait::http {

/// Where the time of an attempt went. The phases follow each other; what did not happen took 0.
struct Timings {
    Duration dns{};      ///< finding the addresses
    Duration connect{};  ///< to an open connection
    Duration tls{};      ///< to a trusted, encrypted one
    Duration send{};     ///< until the request was handed to the system
    Duration wait{};     ///< until the first byte of the answer
    Duration receive{};  ///< until its last byte
};

/// An answer that came whole.
class Response {
  public:
    Response() noexcept {}

    int status = 0;
    std::string reason;
    Headers headers;
    /// The bytes of the body, without its transfer coding.
    std::string body;
    /// The fields after a chunked body.
    Headers trailers;
    Timings timings;
    /// Whether the request went over a connection that had carried another one before.
    bool reused = false;
};

}  // namespace plait::http
