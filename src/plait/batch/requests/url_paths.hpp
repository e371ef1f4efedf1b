#pragma once

#include <string>
#include <string_view>

namespace plait::batch {

/// The URL that a line's `url` and the base URL make together, and whether both had the same part of a path.
struct JoinedUrl {
    std::string text;
    bool is_joined_once = false;
};

/// `url` behind `base`. A path of `base` that `url` begins with, in whole segments, is taken once: `https://h/v1` and
/// `/v1/items` make `https://h/v1/items`. So is the end of that path from a version on: `https://h/api/v1` and
/// `/v1/items` make `https://h/api/v1/items`.
JoinedUrl join_urls(std::string_view base, std::string_view url);

/// The first part of a path, in whole segments, that follows itself and has a version or `api` in it, as when two paths
/// were joined that overlap: `/v1/v1` of `/v1/v1/items`. Empty without one. Other names may well follow themselves.
std::string_view doubled_part(std::string_view path);

}  // namespace plait::batch
