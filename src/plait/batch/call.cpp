#include "plait/batch/call.hpp"

#include <fmt/format.h>

namespace plait::batch {

std::string automatic_id(std::uint64_t line) { return fmt::format("line-{}", line); }

}  // namespace plait::batch
