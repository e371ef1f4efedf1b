#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/internal/answer.hpp"

#include <cstddef>
#include <string>

namespace plait::mock::internal {

/// What becomes of the connection when an answer has been sent, or what was to be sent of it.
enum class Ending {
    next_request,
    close,  ///< as if that was all
    reset,
    stall,  ///< nothing more comes, until the client leaves
    crash,  ///< the process kills itself
};

/// An answer as it goes out, and what comes then: what a fault changes.
struct Delivery {
    Delivery() {}
    Delivery(const Answer& answer, const ReceivedRequest& request);

    std::string head;
    std::string body;
    std::size_t fill = 0;  ///< how many bytes `x` follow the body
    Duration per_byte{};   ///< not zero: it is sent byte by byte, with so much time between them
    Ending ending = Ending::next_request;
};

}  // namespace plait::mock::internal
