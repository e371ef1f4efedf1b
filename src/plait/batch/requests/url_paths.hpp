#pragma once

#include <string>
#include <string_view>

namespace plait::batch {

/// The base URL and a line's `url` together, and whether both had the same part of a path.
struct JoinedUrl {
    std::string text;
    bool is_joined_once = false;
};

/// Appends `url` to `base`. If `url` starts with the path of `base`, in whole segments, that path is used once:
/// `https://h/v1` and `/v1/items` make `https://h/v1/items`. So is the end of the path, from a version on:
/// `https://h/api/v1` and `/v1/items` make `https://h/api/v1/items`.
JoinedUrl join_urls(std::string_view base, std::string_view url);

/// Whether the last segment of a base URL's path is a version, such as `/v1` or `/v1beta/`.
bool ends_with_version(std::string_view base);

/// Returns the first part of a path, in whole segments, that is repeated and has a version or `api` in it, as when two
/// overlapping paths were joined: `/v1/v1` of `/v1/v1/items`. Empty when there is none. Other names may be repeated.
std::string_view doubled_part(std::string_view path);

}  // namespace plait::batch
