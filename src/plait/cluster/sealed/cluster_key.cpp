#include "plait/cluster/sealed/cluster_key.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/trim.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <memory>
#include <optional>

namespace plait::cluster {

namespace {

constexpr std::size_t largest_file = 4096;

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

ClusterKey ClusterKey::public_key() { return ClusterKey(std::string(bytes, '\0')); }

ClusterKey ClusterKey::random() {
    std::string raw(bytes, '\0');
    PLAIT_ASSERT(RAND_bytes(bytes_of(raw), static_cast<int>(raw.size())) == 1, "the system has random bytes");
    return ClusterKey(std::move(raw));
}

ClusterKey ClusterKey::parse(std::string_view text) {
    std::optional<std::string> raw = decode_base64(text);
    if (!raw || raw->size() != bytes)
        throw_bad_input(
            fmt::format("not a cluster key: {} bytes in base64, as `plait cluster key` prints them", bytes));
    if (*raw == public_key().raw_) throw_bad_input("not a cluster key: all of its bytes are zero");
    return ClusterKey(std::move(*raw));
}

ClusterKey ClusterKey::read(const std::string& path) {
    try {
        return parse(trimmed(read_file(path, largest_file), " \t\r\n"));
    } catch (const Error& error) {
        throw_bad_input(fmt::format("{}: {}", path, error.what()));
    }
}

std::string ClusterKey::text() const {
    std::string text;
    append_base64(text, raw_);
    return text;
}

std::string ClusterKey::derive(std::string_view salt, std::string_view purpose) const {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &EVP_PKEY_CTX_free);
    std::string derived(bytes, '\0');
    std::size_t size = derived.size();
    const bool is_derived =
        context && EVP_PKEY_derive_init(context.get()) == 1 &&
        EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) == 1 &&
        EVP_PKEY_CTX_set1_hkdf_salt(context.get(), bytes_of(salt), static_cast<int>(salt.size())) == 1 &&
        EVP_PKEY_CTX_set1_hkdf_key(context.get(), bytes_of(std::string_view(raw_)), static_cast<int>(raw_.size())) ==
            1 &&
        EVP_PKEY_CTX_add1_hkdf_info(context.get(), bytes_of(purpose), static_cast<int>(purpose.size())) == 1 &&
        EVP_PKEY_derive(context.get(), bytes_of(derived), &size) == 1;
    PLAIT_ASSERT(is_derived && size == bytes, "OpenSSL derives keys");
    return derived;
}

}  // namespace plait::cluster
