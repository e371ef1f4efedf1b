#pragma once

#include "plait/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace plait::cluster {

/// Appends fields to a message: numbers of fixed size, least significant byte first, and texts after their length.
class FieldWriter {
  public:
    explicit FieldWriter(std::string& out) noexcept : out_(out) {}

    void number(std::uint64_t value);
    void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
    void flag(bool value) { byte(value ? 1 : 0); }
    void duration(Duration value) { number(static_cast<std::uint64_t>(value.count())); }
    void text(std::string_view value);

  private:
    std::string& out_;
};

/// Reads what `FieldWriter` wrote. Each function throws `Error(protocol)` when the message is too short or its field
/// has no such value.
class FieldReader {
  public:
    /// `text` outlives the reader and the views that it returns.
    explicit FieldReader(std::string_view text) noexcept : rest_(text) {}

    std::uint64_t number();
    /// A number of at most `most`.
    std::uint64_t number_up_to(std::uint64_t most);
    std::uint8_t byte();
    bool flag();
    Duration duration() { return Duration(static_cast<Duration::rep>(number())); }
    std::string_view text();
    /// How many entries follow that take at least `bytes_each` bytes: never more than the message has room for.
    std::size_t count(std::size_t bytes_each);

    /// Throws unless all was read.
    void end() const;
    /// What was not read yet.
    std::string_view rest() const noexcept { return rest_; }

  private:
    std::string_view take(std::size_t bytes);

    std::string_view rest_;
};

}  // namespace plait::cluster
