#include "plait/batch/lines/input_notes.hpp"

#include "plait/base/text/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plait::batch {

namespace {

std::string_view without_query(std::string_view url) { return url.substr(0, url.find_first_of("?#")); }

}  // namespace

void InputNotes::names_left(std::uint64_t line, const std::vector<std::string>& names) {
    if (calls_with_left_names_++ == 0) {
        warn(fmt::format("line {} has {{{{{}}}}}, sent as it stands: not permitted by --secret", line,
                         printable(names.front())));
    }
    for (const std::string& name : names) {
        auto known = std::find_if(left_names_.begin(), left_names_.end(),
                                  [&name](const LeftName& left) { return left.name == name; });
        if (known == left_names_.end()) {
            if (left_names_.size() == most_names) continue;
            known = left_names_.emplace(left_names_.end(), name, line);
        }
        ++known->calls;
    }
}

void InputNotes::joined_once(std::uint64_t line, std::string_view url, std::string_view joined) {
    constexpr std::size_t longest_url = 200;
    if (urls_joined_once_++ > 0) return;
    first_joined_once_ =
        fmt::format("line {}: {} begins with the path of --base-url, which is used once: {}", line,
                    printable(without_query(url), longest_url), printable(without_query(joined), longest_url));
    warn(first_joined_once_);
}

void InputNotes::warn(const std::string& sentence) const {
    if (warn_) warn_(sentence);
}

}  // namespace plait::batch
