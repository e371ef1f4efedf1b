#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// Collects oddities of request lines that their author may not have intended. The requests are sent all the same.
class InputNotes {
  public:
    /// The most names that are kept.
    static constexpr std::size_t most_names = 20;

    /// The name of a secret that is not permitted, and the number of calls that send it verbatim.
    class LeftName {
      public:
        LeftName(std::string name_, std::uint64_t first_line_) : name(std::move(name_)), first_line(first_line_) {}

        std::string name;  ///< such as `env.API_KEY`
        std::uint64_t first_line;
        std::uint64_t calls = 0;
    };

    /// Receives a sentence about the first case of each kind.
    using Warn = std::function<void(const std::string& sentence)>;

    explicit InputNotes(Warn warn = {}) : warn_(std::move(warn)) {}

    /// Notes that the call of this line sends these names, of which there is at least one, verbatim.
    void names_left(std::uint64_t line, const std::vector<std::string>& names);

    /// Notes that the URL of this line started with the path of the base URL, which `joined` has once.
    void joined_once(std::uint64_t line, std::string_view url, std::string_view joined);

    std::uint64_t calls_with_left_names() const noexcept { return calls_with_left_names_; }
    /// The first of their names, in order.
    const std::vector<LeftName>& left_names() const noexcept { return left_names_; }
    std::uint64_t urls_joined_once() const noexcept { return urls_joined_once_; }
    /// The sentence about the first of these URLs; empty when there is none.
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
