#pragma once

#include <cstdint>
#include <string_view>

namespace plait::mock::internal {

/// Scrambles `x` so that each of its bits affects half of the result (the finalizer of splitmix64).
constexpr std::uint64_t scrambled(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/// FNV-1a, scrambled: its low bits alone are poor.
constexpr std::uint64_t hash_of(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return scrambled(hash);
}

/// Random numbers for one request, which depend on the seed, its id, and how often that id came before.
class Chance {
  public:
    /// Each is drawn independently, so that using one does not change the others.
    enum class Of : std::uint64_t { fault = 1, lie, latency, spread, latency_before, spread_before };

    Chance(std::uint64_t seed, std::string_view id, std::uint64_t number) noexcept
        : state_(scrambled(scrambled(seed ^ hash_of(id)) + number)) {}

    /// Returns a number in [0, 1).
    double draw(Of what) const noexcept {
        constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
        constexpr double step = 0x1p-53;
        return static_cast<double>(scrambled(state_ + static_cast<std::uint64_t>(what) * golden_ratio) >> 11) * step;
    }

  private:
    std::uint64_t state_;
};

}  // namespace plait::mock::internal
