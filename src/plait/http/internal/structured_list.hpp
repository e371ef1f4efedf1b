#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::http::internal {

/// Takes apart lists of items with parameters (RFC 9651, section 3.1), as far as limits need it: names and numbers. A
/// fault makes the whole field nothing, as the RFC wants it.
class StructuredList {
  public:
    struct Parameter {
        std::string key;
        std::string text;              // of a string or token
        std::optional<double> number;  // of a number
    };
    struct Item {
        Parameter value;  // its key is that of a dictionary's member, or empty
        std::vector<Parameter> parameters;

        const Parameter* find(std::string_view key) const noexcept;
        std::optional<double> number(std::string_view key) const noexcept;
    };

    /// At most `most` items; those that follow are ignored.
    static std::vector<Item> parse(std::string_view text, std::size_t most);

  private:
    explicit StructuredList(std::string_view text) noexcept : rest_(text) {}

    void read_member(Item& item);
    void read_value(Parameter& parameter);
    std::string read_string();
    std::string read_token();
    bool take(char c) noexcept;
    void skip_blanks() noexcept;

    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace plait::http::internal
