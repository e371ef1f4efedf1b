#pragma once

#include "plait/http/request.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// A secret that stands in a request as it is. Never its value.
class ClearTextSecret {
  public:
    ClearTextSecret(std::string where_, std::string_view kind_) : where(std::move(where_)), kind(kind_) {}

    std::string where;      ///< such as `the header Authorization`, or `"api_key" in the body`
    std::string_view kind;  ///< such as `a GitHub token`; static

    friend bool operator==(const ClearTextSecret&, const ClearTextSecret&) = default;
};

/// What looks like a secret in the URL, the headers and the body of a request whose templates were left as they are:
/// headers and parameters and JSON members that are for secrets (`Authorization`, `api_key`, `password`) and hold no
/// `{{env.NAME}}` or other template, and what has the shape of a well-known token wherever it stands. Each place once.
std::vector<ClearTextSecret> find_clear_text_secrets(const http::Request& request);

/// `text` with `***` for each token of a well-known shape: for messages.
std::string without_tokens(std::string_view text);

}  // namespace plait::batch
