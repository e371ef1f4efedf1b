#include "plait/mock/mock_options.hpp"

#include "plait/base/error.hpp"

#include <array>
#include <charconv>

namespace plait::mock {

namespace {

using namespace std::chrono_literals;

/// A window of so many requests is kept request by request.
constexpr std::uint64_t most_requests = 10'000'000;
constexpr Duration longest_window = 24h;

struct Unit {
    std::string_view name;
    Duration length;
};
constexpr std::array<Unit, 4> units{{{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}}};

}  // namespace

AllowedRate AllowedRate::parse(std::string_view text) {
    AllowedRate rate;
    const auto slash = text.find('/');
    const std::string_view requests = text.substr(0, slash);
    const auto [end, error] = std::from_chars(requests.data(), requests.data() + requests.size(), rate.requests);
    const bool counts = error == std::errc() && end == requests.data() + requests.size() && rate.requests > 0 &&
                        rate.requests <= most_requests;
    if (counts && slash != std::string_view::npos) {
        const std::string_view window = text.substr(slash + 1);
        std::uint32_t number = 1;
        const auto digits = std::from_chars(window.data(), window.data() + window.size(), number);
        const bool is_number = digits.ec != std::errc::result_out_of_range;  // no digits at all: one such time
        const std::string_view name(digits.ptr, window.data() + window.size());
        for (const Unit& unit : units) {
            if (name == unit.name && is_number && number > 0 && number <= longest_window / unit.length) {
                rate.window = number * unit.length;
                return rate;
            }
        }
    }
    throw Error(ErrorCode::bad_input, "'" + std::string(text) +
                                          "' is not a rate such as 50/s, 500/m or 10/200ms, of at most 10 million in "
                                          "at most a day");
}

}  // namespace plait::mock
