#pragma once

#include "plait/convert/request/conversion.hpp"
#include "plait/convert/request/input.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plait::convert {

/// Whether the text begins like a HAR: an object with `log`.
bool is_har(const Input& input);

/// Adds the requests of a HAR 1.2, as browsers, Playwright and mitmproxy write it.
///
/// Redirects that `plait run` follows itself, preflights and entries that are no HTTP are left out.
void read_har(const Input& input, Conversion& conversion);

/// How a body stands in a HAR.
struct HarBody {
    std::string_view text;
    std::optional<std::uint64_t> size{};  ///< on the wire, if the file says
    bool is_coded = false;                ///< there is a Content-Encoding
    bool is_json = false;                 ///< by its type
};

/// A body's bytes.
struct HarBytes {
    std::string bytes;
    bool is_decoded = false;  ///< the file has it without its Content-Encoding
};

/// Finds the bytes of a body. Browsers write text as UTF-8 and lose all else; mitmproxy writes some bytes as the
/// characters of ISO 8859-1, and bodies without their coding. So the text is taken in the encoding whose length is that
/// of the wire, and otherwise refused. Throws `Error(bad_input)`.
HarBytes bytes_of(const HarBody& body);

}  // namespace plait::convert
