#include "plait/base/text/appender.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("parts of any size follow each other") {
    std::string written = ">";
    std::string expected = ">";
    plait::Appender out(written);
    for (std::size_t size = 0; size < 3000; size += 37) {
        const std::string part(size, static_cast<char>('a' + size % 26));
        out.put(part);
        out.put_lower("Content-TYPE [@`{");
        expected += part + "content-type [@`{";
        if (size % 5 == 0) {
            out.flushed() += "!";
            expected += "!";
        }
    }
    out.flush();
    CHECK(written == expected);
}

TEST_CASE("a part without an address adds nothing") {
    std::string text = "a";
    plait::Appender out(text);
    out.put(std::string_view());
    out.put("b");
    out.flush();
    CHECK(text == "ab");
}
