#include "plait/json/text_writer.hpp"

#include "plait/json/text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::json;

TEST_CASE("a text writer appends what the functions for strings append") {
    for (const std::string text :
         {"", "a", "seven b", "eight by", "a \"quote\"", "tab\t", "\x7f", "h\xc3\xb6", "\xff", "12345678\\"}) {
        std::string written = ">";
        std::string appended = ">";
        TextWriter out(written);
        out.put_string(text);
        out.flush();
        append_string(appended, text);
        CHECK(written == appended);
    }
    for (const std::uint64_t number : {0ull, 9ull, 10ull, 12345678901ull, ~0ull}) {
        std::string written;
        TextWriter out(written);
        out.put_number(number);
        CHECK(out.flushed() == std::to_string(number));
    }
}
