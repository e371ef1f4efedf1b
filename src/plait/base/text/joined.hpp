#pragma once

#include <string>
#include <string_view>

namespace plait {

/// The texts of a range in a row, with `between` between any two.
template <class Texts>
std::string joined_by(const Texts& texts, std::string_view between) {
    std::string row;
    for (std::string_view separator; const auto& text : texts) {
        row += separator;
        row += text;
        separator = between;
    }
    return row;
}

}  // namespace plait
