#include "plait/cluster/sealed/seal.hpp"

#include "plait/base/assert.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstring>

namespace plait::cluster {

namespace {

constexpr std::size_t sender_bytes = 16;
constexpr std::size_t counter_bytes = 8;
constexpr std::size_t tag_bytes = 16;
static_assert(Sealer::overhead == sender_bytes + counter_bytes + tag_bytes);

using Nonce = std::array<unsigned char, 12>;

unsigned char* bytes_of(char* text) { return reinterpret_cast<unsigned char*>(text); }
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Nonce nonce_of(std::string_view counter) {
    Nonce nonce{};
    std::memcpy(nonce.data() + (nonce.size() - counter_bytes), counter.data(), counter_bytes);
    return nonce;
}

std::string sender_key(const ClusterKey& key, std::string_view run, std::string_view sender) {
    return key.derive(run, "plait cluster message " + std::string(sender));
}

internal::Cipher make_cipher(const std::string& key, bool seals) {
    internal::Cipher cipher(EVP_CIPHER_CTX_new());
    const bool is_made = cipher && EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                                                     bytes_of(std::string_view(key)), nullptr, seals ? 1 : 0) == 1;
    PLAIT_ASSERT(is_made, "OpenSSL has AES-256-GCM");
    return cipher;
}

/// Begins a message under this nonce, with `subject` as what is authenticated beside it.
bool begin(EVP_CIPHER_CTX* cipher, const Nonce& nonce, std::string_view subject) {
    int size = 0;
    return EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data(), -1) == 1 &&
           EVP_CipherUpdate(cipher, nullptr, &size, bytes_of(subject), static_cast<int>(subject.size())) == 1;
}

}  // namespace

void internal::FreeCipher::operator()(evp_cipher_ctx_st* cipher) const noexcept { EVP_CIPHER_CTX_free(cipher); }

Sealer::Sealer(const ClusterKey& key, std::string_view run) : sender_(sender_bytes, '\0') {
    PLAIT_ASSERT(RAND_bytes(bytes_of(sender_.data()), static_cast<int>(sender_.size())) == 1,
                 "the system has random bytes");
    cipher_ = make_cipher(sender_key(key, run, sender_), true);
}

std::string Sealer::seal(std::string_view subject, std::string_view text) {
    std::string sealed;
    sealed.reserve(text.size() + overhead);
    sealed += sender_;
    ++counter_;
    for (std::size_t i = 0; i < counter_bytes; ++i) sealed.push_back(static_cast<char>(counter_ >> (8 * i) & 0xff));
    const Nonce nonce = nonce_of(std::string_view(sealed).substr(sender_bytes));
    const std::size_t head = sealed.size();
    sealed.resize(head + text.size() + tag_bytes);
    int size = 0;
    int rest = 0;
    const bool is_sealed = begin(cipher_.get(), nonce, subject) &&
                           EVP_CipherUpdate(cipher_.get(), bytes_of(sealed.data() + head), &size, bytes_of(text),
                                            static_cast<int>(text.size())) == 1 &&
                           EVP_CipherFinal_ex(cipher_.get(), bytes_of(sealed.data() + head + size), &rest) == 1 &&
                           EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_bytes),
                                               sealed.data() + head + text.size()) == 1;
    PLAIT_ASSERT(is_sealed, "OpenSSL seals");
    return sealed;
}

std::optional<std::string> Opener::open(std::string_view subject, std::string_view sealed) {
    if (sealed.size() < Sealer::overhead) return std::nullopt;
    const std::string_view sender = sealed.substr(0, sender_bytes);
    auto found = ciphers_.find(sender);
    if (found == ciphers_.end()) {
        if (ciphers_.size() >= most_senders) ciphers_.clear();
        internal::Cipher made = make_cipher(sender_key(key_, run_, sender), false);
        found = ciphers_.emplace(std::string(sender), std::move(made)).first;
    }
    EVP_CIPHER_CTX* const cipher = found->second.get();
    const Nonce nonce = nonce_of(sealed.substr(sender_bytes, counter_bytes));
    const std::string_view body = sealed.substr(sender_bytes + counter_bytes, sealed.size() - Sealer::overhead);
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    std::string text(body.size(), '\0');
    int size = 0;
    int rest = 0;
    const bool is_opened =
        begin(cipher, nonce, subject) &&
        EVP_CipherUpdate(cipher, bytes_of(text.data()), &size, bytes_of(body), static_cast<int>(body.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_bytes), tag.data()) == 1 &&
        EVP_CipherFinal_ex(cipher, bytes_of(text.data() + size), &rest) == 1;
    if (!is_opened) return std::nullopt;
    return text;
}

}  // namespace plait::cluster
