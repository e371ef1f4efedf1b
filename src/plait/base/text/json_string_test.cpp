#include "plait/base/text/json_string.hpp"

#include <doctest/doctest.h>

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    plait::append_json_string(out, text);
    return out;
}

}  // namespace

TEST_CASE("text becomes a JSON string") {
    CHECK(quoted("") == R"("")");
    CHECK(quoted("a b") == R"("a b")");
    CHECK(quoted("\"\\\r\n\t") == R"("\"\\\r\n\t")");
    CHECK(quoted(std::string_view("\0\x1f\x7f", 3)) == R"("\u0000\u001f\u007f")");
}

TEST_CASE("UTF-8 stays as it is") {
    for (const char* text : {"h\xc3\xb6", "\xe2\x82\xac", "\xf0\x9f\x8d\x9e", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
        CHECK(quoted(text) == '"' + std::string(text) + '"');
    }
}

TEST_CASE("bytes that are not UTF-8 are replaced one by one") {
    const std::string lost = "\xef\xbf\xbd";
    CHECK(quoted("a\xff"
                 "b") == "\"a" + lost + "b\"");
    CHECK(quoted("\xc3") == '"' + lost + '"');                        // cut
    CHECK(quoted("\xc0\xaf") == '"' + lost + lost + '"');             // longer than needed
    CHECK(quoted("\xed\xa0\x80") == '"' + lost + lost + lost + '"');  // half of a UTF-16 pair
    CHECK(quoted("\xe2\x82"
                 "a") == '"' + lost + lost + "a\"");
}

TEST_CASE("a string for a page can't end a script") {
    std::string out;
    plait::append_json_string_for_page(out, "</script>\xc3\xb6");
    CHECK(out == "\"\\u003c/script>\xc3\xb6\"");
    CHECK(quoted("</script>") == R"("</script>")");
}

TEST_CASE("a plain text needs no escaping") {
    for (int c = 0; c < 256; ++c) {
        const bool is_plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
        for (std::size_t size = 1; size < 20; ++size) {
            for (std::size_t at = 0; at < size; ++at) {
                std::string text(size, '~');
                text[at] = static_cast<char>(c);
                REQUIRE(plait::is_plain_json(text) == is_plain);
                const char* const end = plait::plain_json_end(text.data(), text.data() + size);
                REQUIRE(static_cast<std::size_t>(end - text.data()) == (is_plain ? size : at));
            }
        }
    }
    CHECK(plait::is_plain_json(""));
}
