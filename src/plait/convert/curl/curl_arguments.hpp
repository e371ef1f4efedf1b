#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::convert {

/// What becomes of an option of curl.
enum class CurlUse {
    request,  ///< it makes the request
    ignored,  ///< it says what curl prints, where it writes or how it waits
    advised,  ///< it is about the connection: a flag of `plait run`
    refused   ///< the request can't be made without it
};

/// An option of curl 7.88.
struct CurlOption {
    std::string_view name;  ///< without dashes: `header`
    char letter;            ///< 0: none
    bool has_value;
    CurlUse use;
    std::string_view advice{};  ///< of those advised or refused
};

/// An option as it was given, and its value. A URL is an option `url`.
struct CurlArgument {
    const CurlOption* option;
    std::string value{};
};

/// Reads the words behind `curl`. Throws `Error(bad_input)` for an unknown option, or one without its value.
std::vector<CurlArgument> curl_arguments(const std::vector<std::string>& words);

/// Reads a file for `curl -K`: `url = "https://api.example"`, `-d a=1`, `next`. Throws `Error(bad_input)`, which names
/// the line.
std::vector<CurlArgument> curl_config(std::string_view text);

}  // namespace plait::convert
