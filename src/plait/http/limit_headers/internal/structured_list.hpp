#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::http::internal {

/// Parses lists of items with parameters (RFC 9651, section 3.1), and dictionaries (section 3.2), as far as limits need
/// them: strings, tokens and numbers. A field with an error is an empty list, as section 4.2 demands.
///
///     StructuredList::parse(R"("burst";q=100;w=60, "daily";q=1000)", 16)  // two items
class StructuredList {
  public:
    struct Parameter {
        std::string key;
        std::string text;              ///< of a string or token
        std::optional<double> number;  ///< of a number
    };
    struct Item {
        Parameter value;  ///< its key is empty unless the item is a member of a dictionary
        std::vector<Parameter> parameters;

        const Parameter* find(std::string_view key) const noexcept;
        std::optional<double> number(std::string_view key) const noexcept;
    };

    /// Returns at most `most` items, and ignores the others.
    static std::vector<Item> parse(std::string_view text, std::size_t most);

  private:
    explicit StructuredList(std::string_view text) noexcept : rest_(text) {}

    void read_member(Item& item);
    void read_value(Parameter& parameter);
    std::string read_string();
    std::string read_token();
    bool take(char c) noexcept;

    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace plait::http::internal
