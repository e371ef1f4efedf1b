#include "plait/http/transfer/internal/answer_error.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <string>

namespace plait::http::internal {

void fail_protocol(std::string_view what) {
    throw Error(ErrorCode::protocol, fmt::format("the answer is not HTTP/1.1: {}", what));
}

void fail_too_large(std::string_view what, std::size_t limit, std::string_view flag) {
    std::string message = fmt::format("the answer has more than {} bytes of {}", limit, what);
    if (!flag.empty()) message += fmt::format(" ({})", flag);
    throw Error(ErrorCode::too_large, message);
}

}  // namespace plait::http::internal
