#include "plait/batch/call/call.hpp"

#include <fmt/format.h>

namespace plait::batch {

std::string automatic_id(std::uint64_t line) {
    const fmt::format_int number(line);  // this runs for each of a million lines
    return std::string("line-").append(number.data(), number.size());
}

}  // namespace plait::batch
