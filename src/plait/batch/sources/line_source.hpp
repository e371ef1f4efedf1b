#pragma once

#include "plait/batch/lines/line_reader.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/sources/resumable_source.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch {

/// The format of a file of requests.
enum class RequestFormat { json, urls };

/// Recognises the format by the first line that is not blank.
RequestFormat request_format_of(std::string_view first_line);

/// Returns the line without a byte order mark and the blanks around it; empty for a blank line or a comment (`#`).
std::string_view request_text(std::string_view text, std::uint64_t line);

/// Makes a call of each line, which is a JSON object or a URL; the first line that is not blank decides which. Blank
/// lines and comments are skipped.
class LineSource final : public ResumableSource {
  public:
    /// `path` is where to find the file again, if it is one.
    LineSource(LineReader lines, RequestReader requests, std::optional<std::string> path = {});

    Task<std::optional<SourceItem>> next() override;
    std::optional<std::uint64_t> total() override;

    std::string name() const override { return lines_.name(); }
    std::optional<std::string> path() const override { return path_; }
    void skip(const LineSet& lines) override { skipped_ = &lines; }
    void show_to(InputWatch& watch) override;

    /// Throws `Error(bad_input)` if the first request is not one of the vendor's whose lines are expected. Reads a file
    /// apart from `next`, which checks this itself for other inputs.
    void check_format();

  private:
    void check_format(std::string_view text);
    [[noreturn]] void refuse_empty() const;
    Task<void> check_first(LineReader lines);
    Task<void> show_all(LineReader lines, InputWatch& watch);

    LineReader lines_;
    RequestReader requests_;
    std::optional<std::string> path_;
    std::optional<RequestFormat> format_;
    bool has_read_ = false;  ///< any line
    const LineSet* skipped_ = nullptr;
    InputWatch* watch_ = nullptr;  ///< sees each line as it is read; null when it has seen all, or there is none
    std::optional<std::uint64_t> total_;
    std::uint64_t last_line_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace plait::batch
