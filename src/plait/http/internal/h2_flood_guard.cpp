#include "plait/http/internal/h2_flood_guard.hpp"

#include <algorithm>
#include <chrono>

namespace plait::http::internal {

bool H2FloodGuard::admit(H2Flood kind, TimePoint now) noexcept {
    if (now > since_) {
        regain(regained_a_second * std::chrono::duration<double>(now - since_).count());
        since_ = now;
    }
    double& used = used_[static_cast<std::size_t>(kind)];
    used += 1;
    return used <= (kind == H2Flood::window_update ? window_updates : allowance);
}

void H2FloodGuard::regain(double frames) noexcept {
    for (double& used : used_) used = std::max(0.0, used - frames);
}

std::string_view H2FloodGuard::name_of(H2Flood kind) noexcept {
    switch (kind) {
        case H2Flood::empty_data:
            return "empty DATA frames";
        case H2Flood::late_head:
            return "HEADERS frames of streams that have ended";
        case H2Flood::interim_head:
            return "interim answers (1xx)";
        case H2Flood::priority:
            return "PRIORITY frames";
        case H2Flood::reset:
            return "RST_STREAM frames";
        case H2Flood::settings:
            return "SETTINGS frames";
        case H2Flood::ping:
            return "PING frames";
        case H2Flood::goaway:
            return "GOAWAY frames";
        case H2Flood::window_update:
            return "WINDOW_UPDATE frames";
        case H2Flood::unknown:
            return "frames of unknown types";
    }
    return "frames";
}

}  // namespace plait::http::internal
