// A file of another program, behind a line with the name of its kind.
#include "plait/base/assert.hpp"
#include "plait/convert/kinds.hpp"
#include "plait/convert/request/internal/text_bits.hpp"

#include "target.hpp"
#include <algorithm>
#include <string>

using namespace plait;

void feed(std::string_view bytes) {
    const std::string_view name = bytes.substr(0, bytes.find('\n'));
    // Standard input: it names no file but those of the working directory.
    const convert::Input input("-", std::string(bytes.substr(std::min(name.size() + 1, bytes.size()))));
    if (input.text.find_first_not_of(" \t\r\n") == std::string::npos) return;
    // A glob may stand for a million requests, which take their time.
    std::size_t digits = 0;
    for (const char c : input.text) {
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits > 2 && input.text.find('[') != std::string::npos) return;
    }
    for (const convert::Kind& kind : convert::kinds()) (void)kind.recognises(input);
    convert::Conversion conversion;
    convert::kind_named(name).read(input, conversion);

    std::size_t count = 0;
    for (const std::string_view line : convert::internal::lines_of(conversion.lines())) {
        ++count;
        PLAIT_ASSERT(!line.empty(), "a line is a request");
    }
    PLAIT_ASSERT(count == conversion.count(), "each request is one line");
}
