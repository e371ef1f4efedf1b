#pragma once

#include "plait/http/message/request.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// A secret in clear text in a request. It never holds the value.
class ClearTextSecret {
  public:
    ClearTextSecret(std::string where_, std::string_view kind_) : where(std::move(where_)), kind(kind_) {}

    std::string where;      ///< such as `the header Authorization`, or `"api_key" in the body`
    std::string_view kind;  ///< such as `a GitHub token`; static

    friend bool operator==(const ClearTextSecret&, const ClearTextSecret&) = default;
};

/// Finds text that looks like a secret in the URL, the headers and the body of a request whose templates are not
/// expanded: headers, parameters and JSON members for secrets (`Authorization`, `api_key`, `password`) without
/// `{{env.NAME}}` or another template, and text anywhere in the shape of a well-known token. Each place is listed once.
std::vector<ClearTextSecret> find_clear_text_secrets(const http::Request& request);

/// Whether headers of this name, such as `X-Api-Key`, hold a secret.
bool is_secret_header(std::string_view name) noexcept;

/// Whether parameters and JSON members of this name, such as `api_key`, hold a secret.
bool is_secret_name(std::string_view name) noexcept;

/// Returns the first secret in a body at or after `from`: the string of a JSON member for secrets, as it is written
/// between its quotes, or a token of a well-known shape. It is a part of `body`; empty: there is none.
std::string_view find_secret_text(std::string_view body, std::size_t from = 0);

/// Returns `text` with `***` in place of each token of a well-known shape, for messages.
std::string without_tokens(std::string_view text);

}  // namespace plait::batch
