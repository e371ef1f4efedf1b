#pragma once

#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/rows/row_options.hpp"
#include "plait/batch/rows/row_reader.hpp"
#include "plait/batch/sources/resumable_source.hpp"
#include "plait/batch/templates/request_template.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace plait::batch {

/// Makes the templates of `defaults.rows`: with its base URL, and with secrets as `defaults.put_secrets` says. Throws
/// `Error(bad_input)`.
RequestTemplate make_request_template(const RequestDefaults& defaults);

/// Makes a call of each row of an input, with the templates of `RequestDefaults::rows`.
class RowSource final : public ResumableSource {
  public:
    /// Opens the reader of these columns, which outlive it.
    using OpenRows = std::function<std::unique_ptr<RowReader>(const ColumnList& columns)>;

    /// `path` is where to find the file again, if it is one. Throws `Error(bad_input)` for a bad template, and for a
    /// column that a file lacks.
    RowSource(const OpenRows& open, RequestDefaults defaults, std::optional<std::string> path);

    Task<std::optional<SourceItem>> next() override;
    std::optional<std::uint64_t> total() override { return rows_->row_count(); }

    std::string name() const override { return rows_->name(); }
    std::optional<std::string> path() const override { return path_; }
    void skip(const LineSet& lines) override { skipped_ = &lines; }
    void show_to(InputWatch& watch) override { rows_->show_to(watch); }

  private:
    SourceItem make_item(const Row& row);
    Call make_call(const Row& row, std::string id, std::string metadata);

    RequestDefaults defaults_;
    RequestTemplate template_;
    std::unique_ptr<RowReader> rows_;
    std::optional<std::string> path_;
    RowRequest request_;
    const LineSet* skipped_ = nullptr;
};

}  // namespace plait::batch
