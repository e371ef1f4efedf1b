#include "plait/batch/call/call.hpp"

#include <fmt/format.h>

namespace plait::batch {

std::string automatic_id(std::uint64_t line) {
    const fmt::format_int number(line);  // of a million lines each has one
    return std::string("line-").append(number.data(), number.size());
}

}  // namespace plait::batch
