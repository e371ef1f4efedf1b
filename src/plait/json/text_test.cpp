#include "plait/json/text.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::json;
using namespace std::chrono_literals;

namespace {

std::string json_string(std::string_view text) {
    std::string out;
    append_string(out, text);
    return out;
}

std::string milliseconds(Duration duration) {
    std::string out;
    append_milliseconds(out, duration);
    return out;
}

}  // namespace

TEST_CASE("a JSON string escapes quotes, backslashes and control characters") {
    CHECK(json_string("plain") == R"("plain")");
    CHECK(json_string("a\"b\\c\nd\re\tf") == R"("a\"b\\c\nd\re\tf")");
    CHECK(json_string(std::string_view("\0\x1f\x7f", 3)) == R"("\u0000\u001f\u007f")");
    CHECK(json_string("") == R"("")");
}

TEST_CASE("UTF-8 text is kept, and other bytes are taken as ISO 8859-1") {
    CHECK(json_string("caf\xc3\xa9 \xe2\x82\xac") == "\"caf\xc3\xa9 \xe2\x82\xac\"");
    CHECK(json_string("caf\xe9") == "\"caf\xc3\xa9\"");
}

TEST_CASE("milliseconds have three decimals") {
    CHECK(milliseconds(0ns) == "0.000");
    CHECK(milliseconds(999ns) == "0.000");
    CHECK(milliseconds(1us) == "0.001");
    CHECK(milliseconds(250us) == "0.250");
    CHECK(milliseconds(200us) == "0.200");
    CHECK(milliseconds(301ms) == "301.000");
    CHECK(milliseconds(1271005us) == "1271.005");
    CHECK(milliseconds(-5ms) == "0.000");
}
