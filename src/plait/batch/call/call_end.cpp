#include "plait/batch/call/call_end.hpp"

namespace plait::batch {

std::string_view to_string(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::ok:
            return "ok";
        case Outcome::rejected:
            return "rejected";
        case Outcome::failed:
            return "failed";
        case Outcome::unknown:
            return "unknown";
        case Outcome::skipped:
            return "skipped";
    }
    return "?";
}

}  // namespace plait::batch
