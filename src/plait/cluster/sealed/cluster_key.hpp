#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace plait::cluster {

/// The secret that the members of a cluster share. Who has it can give work to its workers, and read all requests and
/// results; the broker has not.
class ClusterKey {
  public:
    static constexpr std::size_t bytes = 32;

    /// The key that everybody knows: what is sealed with it is not secret, and anyone can forge it. For a broker that
    /// only programs of this machine can reach.
    static ClusterKey public_key();

    /// A new one.
    static ClusterKey random();

    /// Reads 32 bytes in base64. Throws `Error(bad_input)`, which does not contain `text`.
    static ClusterKey parse(std::string_view text);

    /// Reads a file with such a text. Throws `Error(bad_input)`.
    static ClusterKey read(const std::string& path);

    /// In base64, for `parse`.
    std::string text() const;

    /// Derives the key for one purpose (HKDF with SHA-256, RFC 5869), such as for the messages of one sender in one
    /// run.
    std::string derive(std::string_view salt, std::string_view purpose) const;

  private:
    explicit ClusterKey(std::string raw) : raw_(std::move(raw)) {}

    std::string raw_;
};

}  // namespace plait::cluster
