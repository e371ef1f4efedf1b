#pragma once

#include "plait/batch/rows/column_list.hpp"
#include "plait/batch/rows/row_options.hpp"
#include "plait/batch/templates/json_template.hpp"
#include "plait/batch/templates/places.hpp"
#include "plait/batch/templates/text_template.hpp"
#include "plait/batch/templates/url_template.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// The parts of a request that were made of a row. Its strings keep their memory from row to row.
class RowRequest {
  public:
    RowRequest() {}

    std::string url;  ///< without `UrlTemplate::secret_pairs`
    std::vector<std::pair<std::string_view, std::string>> headers;
    std::string body;  ///< JSON
    std::vector<std::pair<std::string_view, std::string>> form;
};

/// The places of a column in requests, such as `the path` or `the header X-Region`.
class ColumnPlaces {
  public:
    explicit ColumnPlaces(std::string column_) : column(std::move(column_)) {}

    std::string column;
    std::vector<std::string> places{};
};

/// The templates of a run, ready for its rows. Values go in after the templates were parsed, and are not looked at
/// again: a cell with `{{env.KEY}}` is text, and cannot name a secret.
class RequestTemplate {
  public:
    /// `options.url` is absolute, or a column alone. Throws `Error(bad_input)`, which names the flag at fault.
    RequestTemplate(const RowOptions& options, const SecretText& secret_text);

    /// The columns that rows need.
    const ColumnList& columns() const noexcept { return columns_; }

    const std::string& method() const noexcept { return method_; }
    const UrlTemplate& url() const noexcept { return *url_; }
    bool has_json() const noexcept { return json_.has_value(); }
    bool has_form() const noexcept { return !form_.empty(); }

    /// Fills in the columns. Throws `Error(bad_input)` for a value that can't stand in its place; it names the column.
    void fill(std::span<const RowCell> cells, RowRequest& request, Braces braces = Braces::plain) const;

    /// Returns the id of the row's call; empty: options name no column. Throws `Error(bad_input)` for a row without.
    std::string id_of(std::span<const RowCell> cells) const;

    /// Returns the columns that are kept as a JSON object whose values are texts; empty: none. What is missing is left
    /// out.
    std::string metadata_of(std::span<const RowCell> cells) const;

    /// Says for each column that is sent where it goes, in the order of the templates.
    std::vector<ColumnPlaces> places() const;

  private:
    struct Pair {
        std::string name;
        std::vector<TemplatePart> parts;
    };

    static std::vector<Pair> parse_pairs(const std::vector<std::pair<std::string, std::string>>& pairs,
                                         std::string_view flag, ColumnList& columns, const SecretText& secret_text);
    static void fill(const std::vector<Pair>& pairs, const RowValues& values,
                     std::vector<std::pair<std::string_view, std::string>>& filled);
    template <class Visit>
    void for_each_use(Visit visit) const;
    void read_ids(const RowOptions& options);

    ColumnList columns_;
    std::string method_;
    std::optional<UrlTemplate> url_;
    std::vector<Pair> headers_;
    std::optional<JsonTemplate> json_;
    std::vector<Pair> form_;
    std::optional<std::size_t> id_;
    std::vector<std::size_t> kept_;
};

}  // namespace plait::batch
