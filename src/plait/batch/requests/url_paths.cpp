#include "plait/batch/requests/url_paths.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

/// Such as `v1` or `v1beta`.
bool is_version(std::string_view segment) {
    return segment.size() >= 2 && (segment[0] == 'v' || segment[0] == 'V') && segment[1] >= '0' && segment[1] <= '9';
}

/// The path of an absolute URL, including its slash; empty when it has none.
std::string_view path_of(std::string_view url) {
    const std::size_t authority = url.find("://") + 3;
    return url.substr(std::min(url.find('/', authority), url.size()));
}

/// Whether `path` is `front`, or continues it with another segment.
bool has_front(std::string_view path, std::string_view front) {
    return path.starts_with(front) && (path.size() == front.size() || path[front.size()] == '/');
}

/// The longest end of `base_path` that `path` starts with, and that is probably meant once; empty when there is none.
std::string_view common_part(std::string_view base_path, std::string_view path) {
    for (std::size_t at = 0; at < base_path.size(); at = std::min(base_path.find('/', at + 1), base_path.size())) {
        const std::string_view end = base_path.substr(at);
        const bool may_be_meant_once = at == 0 || is_version(end.substr(1));
        if (may_be_meant_once && has_front(path, end)) return end;
    }
    return {};
}

}  // namespace

JoinedUrl join_urls(std::string_view base, std::string_view url) {
    if (base.ends_with('/')) base.remove_suffix(1);
    const bool has_slash = url.starts_with('/') || url.starts_with('?');
    std::string behind = has_slash ? "" : "/";
    behind += url;
    const std::string_view path = std::string_view(behind).substr(0, behind.find_first_of("?#"));
    const std::string_view common = common_part(path_of(base), path);
    base.remove_suffix(common.size());
    std::string text;
    text.reserve(base.size() + behind.size());
    text.append(base).append(behind);
    return {std::move(text), !common.empty()};
}

bool ends_with_version(std::string_view base) {
    if (base.ends_with('/')) base.remove_suffix(1);
    const std::string_view path = base.empty() ? base : path_of(base);
    return !path.empty() && is_version(path.substr(path.rfind('/') + 1));
}

std::string_view doubled_part(std::string_view path) {
    std::vector<std::string_view> segments;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at + 1), path.size());
        segments.push_back(path.substr(at, end - at));
        at = end;
    }
    const auto is_telling = [](std::string_view segment) {
        return is_version(segment.substr(1)) || segment.substr(1) == "api";
    };
    constexpr std::size_t longest = 4;
    for (std::size_t size = 1; size <= std::min(longest, segments.size() / 2); ++size) {
        for (auto first = segments.begin(); segments.end() - first >= static_cast<std::ptrdiff_t>(2 * size); ++first) {
            const auto second = first + static_cast<std::ptrdiff_t>(size);
            if (!std::equal(first, second, second) || std::none_of(first, second, is_telling)) continue;
            const auto& last = *(second + static_cast<std::ptrdiff_t>(size) - 1);
            return {first->data(), static_cast<std::size_t>(last.data() + last.size() - first->data())};
        }
    }
    return {};
}

}  // namespace plait::batch
