#pragma once

#include "plait/batch/line_reader.hpp"
#include "plait/batch/request_line.hpp"
#include "plait/batch/source.hpp"

namespace plait::batch {

/// A request on each line: of JSON, or a URL. Which of the two, the first line tells that is not blank. Blank lines are
/// skipped.
class LineSource final : public Source {
  public:
    LineSource(LineReader lines, RequestReader requests);

    Task<std::optional<SourceItem>> next() override;
    std::optional<std::uint64_t> total() override { return lines_.count_lines(); }

  private:
    using Format = SourceItem (RequestReader::*)(std::string_view text, std::uint64_t line);
    static Format format_of(std::string_view first_line);

    LineReader lines_;
    RequestReader requests_;
    Format read_ = nullptr;
};

}  // namespace plait::batch
