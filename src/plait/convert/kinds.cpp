#include "plait/convert/kinds.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/nearest_name.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/collection/bruno.hpp"
#include "plait/convert/collection/http_file.hpp"
#include "plait/convert/collection/insomnia.hpp"
#include "plait/convert/collection/postman.hpp"
#include "plait/convert/curl/curl.hpp"
#include "plait/convert/list/aria2.hpp"
#include "plait/convert/list/har.hpp"
#include "plait/convert/list/siege.hpp"
#include "plait/convert/list/url_list.hpp"
#include "plait/convert/list/vegeta.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace plait::convert {

namespace {

constexpr std::array all_kinds{
    Kind{"har", "what a browser, Playwright or mitmproxy recorded", is_har, read_har},
    Kind{"postman", "a collection of Postman, version 2.1", is_postman, read_postman},
    Kind{"insomnia", "a collection of Insomnia 5, in YAML", is_insomnia, read_insomnia},
    Kind{"bruno", "requests of Bruno, in .bru files", is_bruno, read_bruno},
    Kind{"curl", "curl commands, also a browser's \"Copy as cURL\" for bash, or a file for curl -K", is_curl,
         read_curl},
    Kind{"http", "an .http file of httpyac or the REST Client", is_http_file, read_http_file},
    Kind{"vegeta", "targets of vegeta, in its formats json and http", is_vegeta, read_vegeta},
    Kind{"aria2", "a list for aria2c -i", is_aria2, read_aria2},
    Kind{"siege", "URLs of siege, with methods and bodies", is_siege, read_siege},
    Kind{"wget", "a list for wget -i", is_url_list, read_url_list},
};

std::string names() {
    std::string list;
    for (const Kind& kind : all_kinds) list.append(list.empty() ? "" : ", ").append(kind.name);
    return list;
}

}  // namespace

std::span<const Kind> kinds() { return all_kinds; }

const Kind& kind_named(std::string_view name) {
    std::vector<std::string_view> known;
    for (const Kind& kind : all_kinds) {
        if (kind.name == name) return kind;
        known.push_back(kind.name);
    }
    const std::string_view nearest = nearest_name(name, known);
    throw_bad_input(fmt::format("'{}' is not one of {}{}", printable(name), names(),
                                nearest.empty() ? "" : fmt::format(", did you mean {}?", nearest)));
}

const Kind& kind_of(const Input& input) {
    const auto kind =
        std::find_if(all_kinds.begin(), all_kinds.end(), [&input](const Kind& each) { return each.recognises(input); });
    if (kind != all_kinds.end()) return *kind;
    throw_bad_input(fmt::format("{} looks like none of {}: say which it is with --from",
                                input.path == "-" ? "standard input" : input.path, names()));
}

}  // namespace plait::convert
