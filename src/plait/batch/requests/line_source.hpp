#pragma once

#include "plait/batch/lines/line_reader.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/requests/resumable_source.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// What the lines of a file of requests are.
enum class RequestFormat { json, urls };

/// By the first line that is not blank.
RequestFormat request_format_of(std::string_view first_line);

/// The line without the blanks around it, and without a byte order mark; empty for a line without a request: a blank
/// one, or a comment, which begins with `#`.
std::string_view request_text(std::string_view text, std::uint64_t line);

/// A request on each line: of JSON, or a URL. Which of the two, the first line tells that is not blank. Blank lines are
/// skipped.
class LineSource final : public ResumableSource {
  public:
    /// `path`: where a file can be found again.
    LineSource(LineReader lines, RequestReader requests, std::optional<std::string> path = {});

    Task<std::optional<SourceItem>> next() override;
    std::optional<std::uint64_t> total() override;

    std::string name() const override { return lines_.name(); }
    std::optional<std::string> path() const override { return path_; }
    void skip(const LineSet& lines) override { skipped_ = &lines; }
    void show_to(InputWatch& watch) override;

  private:
    Task<std::optional<LineReader::Line>> next_line();
    Task<void> show_all(LineReader lines, InputWatch& watch);

    LineReader lines_;
    RequestReader requests_;
    std::optional<std::string> path_;
    std::optional<RequestFormat> format_;
    const LineSet* skipped_ = nullptr;
    InputWatch* watch_ = nullptr;  ///< sees each line when it is read; null: it has seen all, or nobody does
    std::optional<std::uint64_t> total_;
    std::uint64_t last_line_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace plait::batch
