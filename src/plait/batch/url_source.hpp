#pragma once

#include "plait/batch/request_line.hpp"
#include "plait/batch/source.hpp"

#include <string>
#include <vector>

namespace plait::batch {

/// URLs that are at hand already. The first is line 1.
class UrlSource final : public Source {
  public:
    UrlSource(std::vector<std::string> urls, RequestReader requests);

    Task<std::optional<SourceItem>> next() override;
    std::optional<std::uint64_t> total() override { return urls_.size(); }

  private:
    std::vector<std::string> urls_;
    RequestReader requests_;
    std::size_t taken_ = 0;
};

}  // namespace plait::batch
