#pragma once

#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/sources/resumable_source.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace plait::batch {

/// Calls for a list of URLs. The first is line 1.
class UrlSource final : public ResumableSource {
  public:
    UrlSource(std::vector<std::string> urls, RequestReader requests);

    Task<std::optional<SourceItem>> next() override;
    std::optional<std::uint64_t> total() override { return urls_.size(); }

    std::string name() const override { return "the list of URLs"; }
    std::optional<std::string> path() const override { return std::nullopt; }
    void skip(const LineSet& lines) override { skipped_ = &lines; }
    void show_to(InputWatch& watch) override;

  private:
    std::vector<std::string> urls_;
    RequestReader requests_;
    std::size_t taken_ = 0;
    const LineSet* skipped_ = nullptr;
};

}  // namespace plait::batch
