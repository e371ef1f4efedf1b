#include "plait/batch/sources/url_source.hpp"

#include <utility>

namespace plait::batch {

UrlSource::UrlSource(std::vector<std::string> urls, RequestReader requests)
    : urls_(std::move(urls)), requests_(std::move(requests)) {}

Task<std::optional<SourceItem>> UrlSource::next() {
    while (skipped_ && skipped_->contains(taken_ + 1)) ++taken_;
    if (taken_ >= urls_.size()) co_return std::nullopt;
    const std::string& url = urls_[taken_++];
    co_return requests_.read_url(url, taken_);
}

void UrlSource::show_to(InputWatch& watch) {
    for (const std::string& url : urls_) watch.see(url);
    watch.end();
}

}  // namespace plait::batch
