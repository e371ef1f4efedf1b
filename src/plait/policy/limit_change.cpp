#include "plait/policy/limit_change.hpp"

#include "plait/base/text/words.hpp"

#include <fmt/format.h>

namespace plait::policy {

std::string in_words(const LimitChange& change) {
    const std::string usual = plait::in_words(change.usual_latency);
    const std::string latency = plait::in_words(change.latency);
    switch (change.why) {
        case LimitChange::Why::clean:
            return fmt::format("{} clean answers", change.answers);
        case LimitChange::Why::latency:
            return fmt::format("latency rose from {} to {}", usual, latency);
        case LimitChange::Why::measured:
            return fmt::format("latency is {} with fewer in flight, too", usual);
        case LimitChange::Why::overload:
            return change.sign;
        case LimitChange::Why::accepted:
            return fmt::format("{} were accepted: {}", change.to, change.sign);
    }
    return {};
}

}  // namespace plait::policy
