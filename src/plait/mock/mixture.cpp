#include "plait/mock/mixture.hpp"

#include <charconv>

namespace plait::mock {

namespace {

// Shares that add up to 100 % may exceed 1 by a rounding error.
constexpr double all = 1 + 1e-9;

double parse_share(std::string_view text) {
    double percent = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
    const bool is_whole = error == std::errc() && std::string_view(end, text.data() + text.size()) == "%";
    if (!is_whole || !(percent >= 0 && percent <= 100)) {
        throw Error(ErrorCode::bad_input, "'" + std::string(text) + "' is not a share such as 5% or 0.1%");
    }
    return percent / 100;
}

}  // namespace

std::vector<std::pair<std::string_view, double>> parse_shares(std::string_view text) {
    std::vector<std::pair<std::string_view, double>> shares;
    double sum = 0;
    for (;;) {
        const auto comma = text.find(',');
        const std::string_view item = text.substr(0, comma);
        const auto colon = item.rfind(':');
        const double share = colon == std::string_view::npos ? 1 : parse_share(item.substr(colon + 1));
        shares.emplace_back(item.substr(0, colon), share);
        sum += share;
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    if (sum > all) throw Error(ErrorCode::bad_input, "the shares are more than 100% together");
    return shares;
}

}  // namespace plait::mock
