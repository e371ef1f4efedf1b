#pragma once

#include "plait/mock/content/internal/answer.hpp"

#include <string_view>

namespace plait::mock::internal {

/// A refusal. Flags, help texts and documents are made from this. The body may have placeholders such as `%seconds%`.
struct RefusalRow {
    std::string_view name;
    std::string_view help;
    int status;
    std::string_view body;
    std::string_view content_type = json_type;
    std::string_view headers = {};
};

}  // namespace plait::mock::internal
