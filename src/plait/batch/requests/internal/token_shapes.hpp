#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace plait::batch::internal {

/// Text in the shape of a well-known kind of secret.
struct Token {
    std::size_t begin;
    std::size_t size;
    std::string_view kind;  ///< for people; static
};

/// Returns the first token in `text` at or after `from`: an API key, an access token, a JWT, or the head of a private
/// key.
std::optional<Token> find_token(std::string_view text, std::size_t from = 0) noexcept;

}  // namespace plait::batch::internal
