#pragma once

#include "plait/batch/templates/places.hpp"
#include "plait/batch/templates/text_template.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// A URL with columns in its path and query.
///
/// In a path, a value that is missing or empty, or that makes a segment `.` or `..`, is refused: `DELETE /items/` is
/// another call than `DELETE /items/7`. Scheme and host are fixed. A template that is one column alone takes the whole
/// URL from it, as it stands.
class UrlTemplate {
  public:
    /// `text` is an absolute URL. Throws `Error(bad_input)`.
    UrlTemplate(std::string_view text, ColumnList& columns, const SecretText& secret_text);

    /// Writes the URL without its secrets into `url`. Throws `Error(bad_input)` that names a column.
    void write(const RowValues& values, std::string& url) const;

    /// The pairs of the query that name secrets, decoded. They stand at the end of the query.
    const std::vector<std::pair<std::string, std::string>>& secret_pairs() const noexcept { return secret_pairs_; }

    /// Whether the URL is a cell as it stands.
    bool is_whole() const noexcept { return is_whole_; }

    const std::vector<ColumnUse>& path_columns() const noexcept { return path_columns_; }
    const std::vector<ColumnUse>& query_columns() const noexcept { return query_columns_; }

  private:
    struct Piece {
        enum class Kind : std::uint8_t { fixed, segment, pair };

        Piece(Kind kind_, std::vector<TemplatePart> parts_) : kind(kind_), parts(std::move(parts_)) {}

        Kind kind;
        std::vector<TemplatePart> parts;
    };

    void add_path(std::vector<TemplatePart>& parts);
    void add_segment(std::vector<TemplatePart> parts);
    void add_query(std::vector<TemplatePart> parts);
    void add_pair(std::vector<TemplatePart> parts, const SecretText& secret_text);
    void add_secret_pair(const std::vector<TemplatePart>& parts, const SecretText& secret_text);
    void check_sample(const ColumnList& columns) const;
    static void write_segment(const Piece& piece, const RowValues& values, std::string& url);

    std::vector<Piece> pieces_;
    std::vector<std::pair<std::string, std::string>> secret_pairs_;
    bool is_whole_ = false;
    std::vector<ColumnUse> path_columns_;
    std::vector<ColumnUse> query_columns_;
};

}  // namespace plait::batch
