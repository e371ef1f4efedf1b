#pragma once

#include "plait/batch/call.hpp"
#include "plait/http/headers.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// Answers the value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process.
std::optional<std::string> process_environment(std::string_view name);

/// Replaces each `{{env.NAME}}` in a header's value. Throws `Error(bad_input)` that names a variable which is not set;
/// no value is ever in the message.
std::string expand_environment(std::string_view value, const Environment& environment);

/// `url` as it is. Throws `Error(bad_input)` when it can't stand before other URLs.
std::string checked_base_url(std::string_view url);

/// What holds for every request of a run unless its line says otherwise.
class RequestDefaults {
  public:
    RequestDefaults() {}

    /// Stands before a URL that begins with `/` or has no scheme: `https://api.example/v1` and `/items` make
    /// `https://api.example/v1/items`. Empty: every URL has to be whole.
    std::string base_url;
    /// A header of the same name in a line replaces all of these.
    http::Headers headers;
    Environment environment = process_environment;
};

/// Makes calls of URLs and of request lines (docs/formats.md). Not for two threads at once.
class RequestReader {
  public:
    explicit RequestReader(RequestDefaults defaults);
    RequestReader(RequestReader&&) noexcept;
    ~RequestReader();

    /// A GET of `url`, under the id `line-<line>`.
    SourceItem read_url(std::string_view url, std::uint64_t line);

    /// One line of JSON.
    SourceItem read_json(std::string_view text, std::uint64_t line);

  private:
    class LineParser;
    struct Buffers;

    RequestDefaults defaults_;
    std::unique_ptr<Buffers> buffers_;
};

}  // namespace plait::batch
