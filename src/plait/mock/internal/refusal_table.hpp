#pragma once

#include "plait/mock/internal/answer.hpp"

#include <string_view>

namespace plait::mock::internal {

/// A refusal, all of it: flags, help and documents come from here. In the body `%seconds%` and its like stand for what
/// the limit tells.
struct RefusalRow {
    std::string_view name;
    std::string_view help;
    int status;
    std::string_view body;
    std::string_view content_type = json_type;
    std::string_view headers = {};
};

}  // namespace plait::mock::internal
