#include "plait/http/h1/internal/field_lines.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;

namespace {

std::vector<std::string> fields_of(std::string_view lines) {
    std::vector<std::string> fields;
    FieldLines reader(lines);
    while (const auto field = reader.next())
        fields.push_back(std::string(field->name) + "=" + std::string(field->value));
    return fields;
}

}  // namespace

TEST_CASE("fields come one by one, without the blanks around their values") {
    CHECK(fields_of("A: b\r\nC:d \t\r\nE:\r\nF: \t g\th\xff\r\n") ==
          std::vector<std::string>{"A=b", "C=d", "E=", "F=g\th\xff"});
    CHECK(fields_of("").empty());
}

TEST_CASE("the pieces of a folded value are joined by a space, wherever they are") {
    CHECK(fields_of("A:\r\n one\r\n\t \r\n two \r\nB: c\r\n \r\n") == std::vector<std::string>{"A=one two", "B=c"});
}

TEST_CASE("a line without a name, or with a control character, is refused") {
    for (const std::string_view lines : {" A: b\r\n", "A\r\n", ": b\r\n", "A : b\r\n", "A: b\x7f\r\n", "A: b\n",
                                         "A: b\r", "A: b", "A: b\rc\r\n", "A: b\r\n c\x01\r\n"}) {
        CHECK_THROWS_AS(fields_of(lines), Error);
    }
}

TEST_CASE("a line ends at its first control character, wherever that is") {
    for (std::size_t size = 0; size < 40; ++size) {
        for (int byte = 0; byte < 256; ++byte) {
            const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
            const std::string line = std::string(size, 'x') + static_cast<char>(byte) + std::string(20, '\x80');
            CHECK(line_length(line) == (is_control ? size : line.size()));
        }
        CHECK(line_length(std::string(size, '\xff')) == size);
        CHECK(line_length(std::string(size, '\t')) == size);
    }
}
