#include "plait/base/error.hpp"

#include <system_error>

namespace plait {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::bad_input:
            return "bad_input";
        case ErrorCode::dns:
            return "dns";
        case ErrorCode::connect:
            return "connect";
        case ErrorCode::tls:
            return "tls";
        case ErrorCode::proxy:
            return "proxy";
        case ErrorCode::reset:
            return "reset";
        case ErrorCode::protocol:
            return "protocol";
        case ErrorCode::timeout:
            return "timeout";
        case ErrorCode::deadline:
            return "deadline";
        case ErrorCode::too_large:
            return "too_large";
        case ErrorCode::expect:
            return "expect";
        case ErrorCode::rate_limited:
            return "rate_limited";
        case ErrorCode::budget:
            return "budget";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::worker_died:
            return "worker_died";
        case ErrorCode::storage:
            return "storage";
    }
    return "unknown";
}

OutputUnread::OutputUnread() : Error(ErrorCode::storage, "nobody reads standard output any more") {}

void throw_bad_input(const std::string& message) { throw Error(ErrorCode::bad_input, message); }

std::string system_message(int error_number) { return std::generic_category().message(error_number); }

}  // namespace plait
