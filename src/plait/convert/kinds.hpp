#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

#include <span>
#include <string>
#include <string_view>

namespace plait::convert {

/// A kind of file that can be converted.
struct Kind {
    std::string_view name;  ///< as after `--from`
    std::string_view help;  ///< a few words: `a browser's or a proxy's recording`
    /// Whether a file looks like one of this kind. Kinds are asked in the order of the table.
    bool (*recognises)(const Input& input);
    /// Adds what is in the file to the conversion. Throws `Error(bad_input)` if it is no file of this kind.
    void (*read)(const Input& input, Conversion& conversion);
};

/// All kinds.
std::span<const Kind> kinds();

/// Returns the kind of this name. Throws `Error(bad_input)`.
const Kind& kind_named(std::string_view name);

/// Returns the kind that the file looks like. Throws `Error(bad_input)`.
const Kind& kind_of(const Input& input);

}  // namespace plait::convert
