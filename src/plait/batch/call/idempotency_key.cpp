#include "plait/batch/call/idempotency_key.hpp"

#include "plait/base/assert.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <span>

namespace plait::batch {

namespace {

std::string in_hexadecimal(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

}  // namespace

std::string automatic_key(std::string_view seed, std::string_view custom_id) {
    std::string text(seed);
    text += '\0';  // or seed "ab" with id "c" would be seed "a" with id "bc"
    text += custom_id;
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    const bool done = EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1;
    PLAIT_ASSERT(done, "hashing needs nothing that could be missing");
    digest[6] = static_cast<std::uint8_t>(0x80 | (digest[6] & 0x0f));  // the version
    digest[8] = static_cast<std::uint8_t>(0x80 | (digest[8] & 0x3f));  // the variant
    const std::string digits = in_hexadecimal(std::span(digest).first(16));
    const std::string_view all = digits;
    return fmt::format("{}-{}-{}-{}-{}", all.substr(0, 8), all.substr(8, 4), all.substr(12, 4), all.substr(16, 4),
                       all.substr(20));
}

}  // namespace plait::batch
