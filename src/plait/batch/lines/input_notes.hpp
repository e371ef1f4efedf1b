#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// What was noticed in request lines that their writer may not have meant, though their requests are sent.
class InputNotes {
  public:
    /// So many names are kept.
    static constexpr std::size_t most_names = 20;

    /// A name of a secret that is not permitted, and the calls that send it as it stands.
    class LeftName {
      public:
        LeftName(std::string name_, std::uint64_t first_line_) : name(std::move(name_)), first_line(first_line_) {}

        std::string name;  ///< such as `env.API_KEY`
        std::uint64_t first_line;
        std::uint64_t calls = 0;
    };

    /// Takes a sentence about the first case of each kind.
    using Warn = std::function<void(const std::string& sentence)>;

    explicit InputNotes(Warn warn = {}) : warn_(std::move(warn)) {}

    /// The call of this line sends these names as they stand, at least one.
    void names_left(std::uint64_t line, const std::vector<std::string>& names);

    /// The URL of this line began with the path of the base URL, which stands in `joined` once.
    void joined_once(std::uint64_t line, std::string_view url, std::string_view joined);

    std::uint64_t calls_with_left_names() const noexcept { return calls_with_left_names_; }
    /// The first of them, in the order in which they came.
    const std::vector<LeftName>& left_names() const noexcept { return left_names_; }
    std::uint64_t urls_joined_once() const noexcept { return urls_joined_once_; }
    /// The sentence about the first of these URLs; empty without.
    const std::string& first_joined_once() const noexcept { return first_joined_once_; }

  private:
    void warn(const std::string& sentence) const;

    Warn warn_;
    std::uint64_t calls_with_left_names_ = 0;
    std::vector<LeftName> left_names_;
    std::uint64_t urls_joined_once_ = 0;
    std::string first_joined_once_;
};

}  // namespace plait::batch
