#include "plait/cluster/relay/nats_login.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/json_string.hpp"
#include "plait/base/text/trim.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

namespace plait::cluster {

namespace {

constexpr std::size_t largest_file = 64 * 1024;
constexpr std::size_t seed_bytes = 32;
constexpr std::string_view base32_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view blanks = " \t\r\n";

/// Base32 without padding (RFC 4648, section 6).
std::optional<std::string> decode_base32(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto digit = base32_digits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = bits << 5 | static_cast<std::uint32_t>(digit);
        count += 5;
        if (count < 8) continue;
        count -= 8;
        bytes.push_back(static_cast<char>(bits >> count & 0xff));
    }
    return bytes;
}

std::string encode_base32(std::string_view bytes) {
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<std::uint8_t>(c);
        count += 8;
        for (; count >= 5; count -= 5) text.push_back(base32_digits[bits >> (count - 5) & 31]);
    }
    if (count > 0) text.push_back(base32_digits[bits << (5 - count) & 31]);
    return text;
}

/// CRC-16 as XMODEM counts it, which ends each NKEY.
std::uint16_t checksum(std::string_view bytes) {
    std::uint16_t crc = 0;
    for (const char c : bytes) {
        crc = static_cast<std::uint16_t>(crc ^ static_cast<std::uint8_t>(c) << 8);
        for (int bit = 0; bit < 8; ++bit) {
            crc = static_cast<std::uint16_t>(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
        }
    }
    return crc;
}

/// The 32 bytes of a user's seed; nothing when it is none.
std::optional<std::string> user_seed(std::string_view text) {
    // Two bytes of prefix, of which 5 bits each say "seed" and "user", the seed, two bytes of checksum.
    constexpr std::size_t size = 2 + seed_bytes + 2;
    const std::optional<std::string> raw = decode_base32(text);
    if (!raw || raw->size() != size || !text.starts_with("SU")) return std::nullopt;
    const std::uint16_t sum = checksum(std::string_view(*raw).substr(0, size - 2));
    const auto low = static_cast<std::uint8_t>((*raw)[size - 2]);
    const auto high = static_cast<std::uint8_t>((*raw)[size - 1]);
    if (sum != (low | high << 8)) return std::nullopt;
    return raw->substr(2, seed_bytes);
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key key_of(const std::string& seed) {
    Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()),
                                         seed.size()),
            &EVP_PKEY_free);
    if (!key) throw_bad_input("OpenSSL does not take the seed of the NKEY");
    return key;
}

/// The NKEY of a user (`U...`) with this seed.
std::string public_key_of(const std::string& seed) {
    constexpr char user = static_cast<char>(20 << 3);
    std::string raw(1 + seed_bytes, user);
    std::size_t size = seed_bytes;
    EVP_PKEY_get_raw_public_key(key_of(seed).get(), reinterpret_cast<unsigned char*>(raw.data() + 1), &size);
    const std::uint16_t sum = checksum(raw);
    raw.push_back(static_cast<char>(sum & 0xff));
    raw.push_back(static_cast<char>(sum >> 8));
    return encode_base32(raw);
}

/// An Ed25519 signature in base64 for URLs, without padding.
std::string sign(const std::string& seed, std::string_view text) {
    const Key key = key_of(seed);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    std::string signature(64, '\0');
    std::size_t size = signature.size();
    const bool is_signed = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                           EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
    if (!is_signed) throw Error(ErrorCode::protocol, "OpenSSL can't sign with the NKEY");
    std::string encoded;
    append_base64(encoded, signature);
    std::replace(encoded.begin(), encoded.end(), '+', '-');
    std::replace(encoded.begin(), encoded.end(), '/', '_');
    encoded.erase(std::min(encoded.find('='), encoded.size()));
    return encoded;
}

/// What stands between the lines `-----BEGIN <name>-----` and `------END <name>------` of a `.creds` file.
std::string_view block(std::string_view text, std::string_view name) {
    const auto head = text.find(fmt::format("BEGIN {}", name));
    if (head == std::string_view::npos) return {};
    const auto begin = text.find('\n', head);
    const auto end = text.find("---", std::min(begin, text.size()));
    if (begin == std::string_view::npos || end == std::string_view::npos) return {};
    return trimmed(text.substr(begin, end - begin), blanks);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += fmt::format(",\"{}\":", name);
    append_json_string(out, value);
}

}  // namespace

NatsLogin NatsLogin::parse(std::string_view text) {
    NatsLogin login;
    const bool has_blocks = text.find("-----BEGIN") != std::string_view::npos;
    const std::string_view line = trimmed(text, blanks);
    const std::string_view seed = has_blocks ? block(text, "USER NKEY SEED") : line;
    if (has_blocks) login.jwt_ = block(text, "NATS USER JWT");
    if (has_blocks || line.starts_with("SU")) {
        const std::optional<std::string> raw = user_seed(seed);
        if (!raw) throw_bad_input("the seed of its NKEY is damaged, or not that of a user (SU...)");
        login.seed_ = *raw;
        login.public_key_ = public_key_of(login.seed_);
        return login;
    }
    if (line.empty() || line.find_first_of("\r\n") != std::string_view::npos)
        throw_bad_input("it holds neither the seed of an NKEY (SU...), nor a JWT with its seed, nor user:password");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        login.token_ = line;
    } else {
        login.user_ = line.substr(0, colon);
        login.password_ = line.substr(colon + 1);
    }
    return login;
}

NatsLogin NatsLogin::read(const std::string& path) {
    const std::string text = read_file(path, largest_file);
    try {
        return parse(text);
    } catch (const Error& error) {
        throw_bad_input(fmt::format("{}: {}", path, error.what()));
    }
}

std::string NatsLogin::fields(std::string_view nonce) const {
    std::string out;
    if (!seed_.empty()) {
        if (nonce.empty())
            throw Error(ErrorCode::protocol, "the server asks for no signature: it has no users with NKEYs");
        if (jwt_.empty()) append_field(out, "nkey", public_key_);
        if (!jwt_.empty()) append_field(out, "jwt", jwt_);
        append_field(out, "sig", sign(seed_, nonce));
    }
    if (!user_.empty()) {
        append_field(out, "user", user_);
        append_field(out, "pass", password_);
    }
    if (!token_.empty()) append_field(out, "auth_token", token_);
    return out;
}

}  // namespace plait::cluster
