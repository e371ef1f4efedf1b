#include "plait/base/random_token.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <iterator>

namespace plait {

std::string random_token() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw Error(ErrorCode::storage, fmt::format("read random bits from the system: {}", system_message(errno)));
    }
    std::string token;
    for (const unsigned char byte : bytes) fmt::format_to(std::back_inserter(token), "{:02x}", byte);
    return token;
}

}  // namespace plait
