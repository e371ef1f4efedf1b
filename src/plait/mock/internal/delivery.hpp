#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/content/internal/answer.hpp"

#include <cstddef>
#include <string>

namespace plait::mock::internal {

/// What happens to the connection after an answer, or the part of it that is sent.
enum class Ending {
    next_request,
    close,  ///< it is closed
    reset,
    stall,  ///< nothing more is sent until the client disconnects
    crash,  ///< the process kills itself
};

/// The bytes of an answer, and what happens then. A fault changes these.
struct Delivery {
    Delivery() {}
    Delivery(const Answer& answer, const http::ReceivedRequest& request);

    std::string head;
    std::string body;
    std::size_t fill = 0;  ///< how many bytes `x` follow the body
    Duration per_byte{};   ///< if not zero, the time between single bytes
    Ending ending = Ending::next_request;
};

}  // namespace plait::mock::internal
