#include "plait/batch/group/in_flight.hpp"

#include "plait/base/text/words.hpp"

#include <fmt/format.h>

namespace plait::batch {

std::string in_flight_text(std::size_t count, const std::vector<CallInFlight>& oldest) {
    std::string line = fmt::format("{} {} in flight", count, count == 1 ? "call" : "calls");
    for (const CallInFlight& call : oldest) {
        line += fmt::format("{} \"{}\" for {}", &call == &oldest.front() ? "; longest:" : ",",
                            printable(call.custom_id), in_words(call.age));
    }
    return line + "\n";
}

}  // namespace plait::batch
