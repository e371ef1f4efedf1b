#pragma once

#include "plait/batch/call/line_set.hpp"
#include "plait/batch/call/sink.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/rows/row.hpp"
#include "plait/batch/templates/request_template.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// Writes rows as request lines (docs/formats.md), with the names of secrets, not their values.
class RowLineWriter {
  public:
    /// `defaults.rows` has the templates.
    explicit RowLineWriter(RequestDefaults defaults);

    /// The columns that rows need.
    const ColumnList& columns() const noexcept { return template_.columns(); }

    /// Appends the request of the row. Throws `Error(bad_input)` for a row that can't be a request, or whose text would
    /// name a secret in the line, where values are looked at again.
    void append(std::string& out, const Row& row);

    using Pairs = std::vector<std::pair<std::string_view, std::string>>;

  private:
    void append_pairs(std::string& out, std::string_view field, const Pairs& pairs) const;
    Pairs headers_of_row(std::string_view type) const;
    std::string body_of(const Row& row);
    void refuse_names(const Pairs& pairs, const std::vector<std::pair<std::string, std::string>>& templates) const;

    RequestDefaults defaults_;
    RequestTemplate template_;
    RowRequest request_;
    std::size_t names_in_body_ = 0;  ///< of secrets, in the template
};

/// What became of the rows of an input.
class RowsWritten {
  public:
    RowsWritten() noexcept {}

    std::uint64_t written = 0;
    std::uint64_t refused = 0;
    std::vector<std::string> first_refusals;  ///< the first 20
};

/// Returns what is written instead of the request line of this line or row; nothing: it is written as it is.
using LineChange = std::function<std::optional<std::string>(std::string_view request, std::uint64_t number)>;

/// Writes each row of an input, or those with these line numbers, to `sink` as a request line. `change` may be empty.
/// Not in a running loop. Throws as `open_source` does.
RowsWritten write_rows_as_requests(const std::string& input, RequestDefaults defaults, Sink& sink,
                                   const LineSet* lines = nullptr, const LineChange& change = {});

}  // namespace plait::batch
