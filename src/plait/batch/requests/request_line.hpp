#pragma once

#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/requests/request_defaults.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace plait::batch {

namespace internal {
struct LineTools;
}

/// Makes calls of URLs and of request lines (docs/formats.md). For one thread at a time.
class RequestReader {
  public:
    explicit RequestReader(RequestDefaults defaults);
    RequestReader(RequestReader&&) noexcept;
    ~RequestReader();

    /// Returns a GET of `url` with the id `line-<line>`.
    SourceItem read_url(std::string_view url, std::uint64_t line);

    /// Parses one line of JSON.
    SourceItem read_json(std::string_view text, std::uint64_t line);

    /// Throws `Error(bad_input)` if the first line of the file `name` shows that its lines are of another kind. A
    /// vendor's are not expected to be URLs.
    void check_first(std::string_view text, std::string_view name);
    /// Whether `check_first` looks at anything.
    bool checks_first() const noexcept { return format() != BatchFormat::plait || defaults_.refuses_other_kinds; }

    /// The form of the lines.
    BatchFormat format() const noexcept { return defaults_.format; }

  private:
    SourceItem read_vendor_line(std::string_view text, std::uint64_t line);

    RequestDefaults defaults_;
    std::unique_ptr<internal::LineTools> tools_;
};

}  // namespace plait::batch
