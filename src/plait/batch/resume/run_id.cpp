#include "plait/batch/resume/run_id.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <iterator>

namespace plait::batch {

std::string random_run_id() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw Error(ErrorCode::storage, fmt::format("draw a run's id: {}", system_message(errno)));
    }
    std::string id;
    for (const unsigned char byte : bytes) fmt::format_to(std::back_inserter(id), "{:02x}", byte);
    return id;
}

}  // namespace plait::batch
