#include "plait/convert/list/aria2.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/text_bits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace plait::convert {

namespace {

/// Options that don't change the request: they say where the file goes, and how it is fetched.
constexpr std::array<std::string_view, 26> ignored_options{"out",
                                                           "dir",
                                                           "checksum",
                                                           "split",
                                                           "continue",
                                                           "allow-overwrite",
                                                           "gid",
                                                           "max-connection-per-server",
                                                           "pause",
                                                           "auto-file-renaming",
                                                           "max-tries",
                                                           "retry-wait",
                                                           "timeout",
                                                           "connect-timeout",
                                                           "max-download-limit",
                                                           "min-split-size",
                                                           "file-allocation",
                                                           "remote-time",
                                                           "conditional-get",
                                                           "always-resume",
                                                           "lowest-speed-limit",
                                                           "piece-length",
                                                           "use-head",
                                                           "parameterized-uri",
                                                           "force-save",
                                                           "stream-piece-selector"};

bool is_url(std::string_view text) { return text.find("://") != std::string_view::npos; }

/// A line of URLs, and the options below it.
struct Download {
    std::size_t line;
    std::string_view urls;
    std::vector<std::string_view> options{};
};

std::vector<Download> downloads_of(std::string_view text) {
    std::vector<Download> downloads;
    std::size_t number = 0;
    for (const std::string_view line : internal::lines_of(text)) {
        ++number;
        if (line.starts_with('#') || trimmed(line).empty()) continue;
        if (line[0] != ' ' && line[0] != '\t') {
            downloads.push_back({number, trimmed(line)});
        } else if (!downloads.empty()) {
            downloads.back().options.push_back(trimmed(line));
        }
    }
    return downloads;
}

Request to_request(const Download& download) {
    Request request("GET", std::string(download.urls.substr(0, download.urls.find('\t'))));
    if (!request.url.starts_with("http")) throw_bad_input("it is not an HTTP request");
    std::string user, password;
    for (const std::string_view option : download.options) {
        const std::string_view name = option.substr(0, option.find('='));
        const std::string value(option.substr(std::min(name.size() + 1, option.size())));
        if (name == "header") {
            const auto colon = std::min(value.find(':'), value.size());
            request.headers.emplace_back(value.substr(0, colon),
                                         trimmed(std::string_view(value).substr(std::min(colon + 1, value.size()))));
        } else if (name == "user-agent" || name == "referer") {
            request.headers.emplace_back(name == "referer" ? "Referer" : "User-Agent", value);
        } else if (name == "http-user") {
            user = value;
        } else if (name == "http-passwd") {
            password = value;
        } else if (std::find(ignored_options.begin(), ignored_options.end(), name) == ignored_options.end()) {
            throw_bad_input(fmt::format("unknown option {}", printable(name)));
        }
    }
    if (!user.empty()) {
        std::string encoded;
        append_base64(encoded, user + ":" + password);
        request.headers.insert(request.headers.begin(), {"Authorization", "Basic " + encoded});
    }
    return request;
}

}  // namespace

bool is_aria2(const Input& input) {
    const auto downloads = downloads_of(input.text);
    return !downloads.empty() && is_url(downloads[0].urls) &&
           std::any_of(downloads.begin(), downloads.end(), [](const Download& each) {
               const auto tab = each.urls.find('\t');
               const bool has_mirror = tab != std::string_view::npos && is_url(each.urls.substr(tab));
               return has_mirror || std::any_of(each.options.begin(), each.options.end(), [](std::string_view option) {
                          return !is_url(option.substr(0, option.find('='))) &&
                                 option.find('=') != std::string_view::npos;
                      });
           });
}

void read_aria2(const Input& input, Conversion& conversion) {
    for (const Download& download : downloads_of(input.text)) {
        const std::string where = fmt::format("{}line {}", input.prefix, download.line);
        conversion.attempt(where, [&] {
            conversion.add(where, to_request(download));
            const auto mirrors = std::count(download.urls.begin(), download.urls.end(), '\t');
            if (mirrors > 0) conversion.leave_out(where, fmt::format("{} more URLs are mirrors of the first", mirrors));
        });
    }
}

}  // namespace plait::convert
