#pragma once

#include "plait/cluster/sealed/cluster_key.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_cipher_ctx_st;

namespace plait::cluster {

namespace internal {
struct FreeCipher {
    void operator()(evp_cipher_ctx_st* cipher) const noexcept;
};
using Cipher = std::unique_ptr<evp_cipher_ctx_st, FreeCipher>;
}  // namespace internal

/// Seals the messages of one member in one run: AES-256-GCM, under a key that is derived from the cluster's for this
/// sender alone, so that its counter of messages is a nonce that never repeats.
///
/// A sealed message: the sender (16 bytes), the counter (8), the text, the tag (16). The subject that it travels on is
/// authenticated with it.
class Sealer {
  public:
    /// What sealing adds to a message.
    static constexpr std::size_t overhead = 16 + 8 + 16;

    /// Seals with a new, random sender.
    Sealer(const ClusterKey& key, std::string_view run);

    std::string seal(std::string_view subject, std::string_view text);

  private:
    std::string sender_;
    std::uint64_t counter_ = 0;
    internal::Cipher cipher_;
};

/// Opens the messages of all members of a run.
class Opener {
  public:
    Opener(const ClusterKey& key, std::string_view run) : key_(key), run_(run) {}

    /// Returns the text; nothing when it was sealed with another key, for another run or subject, or was changed.
    std::optional<std::string> open(std::string_view subject, std::string_view sealed);

  private:
    /// Senders whose ciphers are kept. One that was dropped is derived again.
    static constexpr std::size_t most_senders = 4096;

    const ClusterKey key_;
    const std::string run_;
    std::map<std::string, internal::Cipher, std::less<>> ciphers_;
};

}  // namespace plait::cluster
