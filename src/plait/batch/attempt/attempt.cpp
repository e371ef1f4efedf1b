#include "plait/batch/attempt/attempt.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/response.hpp"

#include <fmt/format.h>

namespace plait::batch {

Failure given_up() { return Failure(ErrorCode::cancelled, "given up: the run was interrupted", true); }

std::string result_of(const Attempt& attempt) {
    if (const auto* response = attempt.response()) return fmt::to_string(response->status);
    return std::string(to_string(attempt.failure()->code));
}

}  // namespace plait::batch
