#include "plait/mock/content/codings.hpp"

#include <algorithm>
#include <array>

namespace plait::mock {

namespace {

using coding::Coding;

constexpr std::array all_codings{Coding::gzip, Coding::deflate, Coding::brotli, Coding::zstd};

}  // namespace

std::vector<Coding> codings_named(std::string_view names) {
    std::vector<Coding> codings;
    while (!names.empty()) {
        const std::size_t size = std::min(names.find(','), names.size());
        const auto coding = std::find_if(all_codings.begin(), all_codings.end(), [&](Coding known) {
            return names.substr(0, size) == coding::to_string(known);
        });
        if (coding == all_codings.end()) return {};
        codings.push_back(*coding);
        names.remove_prefix(std::min(size + 1, names.size()));
    }
    return codings;
}

}  // namespace plait::mock
