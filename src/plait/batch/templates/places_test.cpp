#include "plait/batch/templates/places.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/json/value.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace plait;
using namespace plait::batch;

namespace {

std::string for_url(std::string_view text) {
    std::string out;
    append_for_url(out, text);
    return out;
}

std::string for_json(std::string_view text) {
    std::string out;
    append_for_json(out, text);
    return out;
}

/// As a server decodes a path or a query; with `plus`, a form.
std::string percent_decoded(std::string_view text, bool plus = false) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            out += plus && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::string random_text(std::mt19937& random) {
    constexpr std::array<std::string_view, 24> parts{
        "a",  "0",  "/",  "?",  "&",  "=",  "#",    "%", "+", " ",  "\"",
        "\\", "\n", "\r", "\t", "{{", "}}", "\x01", ".", "ü", "😀", "\xE2\x80\xA8",
        "'",  ";"};
    std::string text;
    for (auto size = random() % 12; size > 0; --size) text += parts[random() % parts.size()];
    return text;
}

std::string refusal(const RowCell& cell, ValueType type) {
    ColumnList columns;
    const ColumnUse use(columns.add(RowColumn("n", false)), type);
    try {
        return std::string(RowValues({&cell, 1}, columns).get(use).text);
    } catch (const Error& error) {
        return error.what();
    }
}

RowCell text(std::string_view value) { return RowCell(RowCell::Kind::text, value); }

}  // namespace

TEST_CASE("a value in a URL keeps only letters, digits and -._~") {
    CHECK(for_url("azAZ09-._~") == "azAZ09-._~");
    CHECK(for_url("a/b?c&d=e#f%g+h i") == "a%2Fb%3Fc%26d%3De%23f%25g%2Bh%20i");
    CHECK(for_url("ü\n{}") == "%C3%BC%0A%7B%7D");
}

TEST_CASE("a value in JSON is escaped") {
    CHECK(for_json("say \"hi\"\\\n\r\t\x01/ü") == R"(say \"hi\"\\\n\r\t\u0001/ü)");
}

TEST_CASE("decoding a place yields the value again") {
    std::mt19937 random(7);
    json::LoneValue json;
    for (int i = 0; i < 2000; ++i) {
        const std::string value = random_text(random);
        CAPTURE(value);
        CHECK(percent_decoded(for_url(value)) == value);
        REQUIRE(json.assign("\"" + for_json(value) + "\""));
        CHECK(std::string_view(json.read().get_string()) == value);
        std::string form;
        append_form_pair(form, "n", value);
        CHECK(percent_decoded(form.substr(2), true) == value);
    }
}

TEST_CASE("segments that change a path are known, however encoded") {
    for (const std::string_view segment : {"", ".", "..", "%2e", ".%2E", "%2e%2e"}) CHECK(changes_path(segment));
    for (const std::string_view segment : {"...", "a", ".a", "a.", "%2f", "%2", " "})
        CHECK_FALSE(changes_path(segment));
}

TEST_CASE("numbers are those of JSON") {
    for (const std::string_view number : {"0", "-0", "7", "1.10", "1e5", "-1.5E-3", "12345678901234567890123"})
        CHECK(is_json_number(number));
    for (const std::string_view other :
         {"", "-", "00123", "+49", ".5", "5.", "1,5", "0x1F", "1e", "NaN", "inf", " 1", "1 ", "1_000", "--1"})
        CHECK_FALSE(is_json_number(other));
}

TEST_CASE("a value has the type that is asked for, or is refused with its column") {
    CHECK(refusal(text("1.10"), ValueType::number) == "1.10");
    CHECK(refusal(text("00123"), ValueType::number) ==
          "column n: '00123' is not a JSON number (no leading zeros): leave out :number to send it as text");
    CHECK(refusal(text("1,5"), ValueType::number) ==
          "column n: '1,5' is not a JSON number: leave out :number to send it as text");
    CHECK(refusal(text("T"), ValueType::boolean) == "true");
    CHECK(refusal(text("False"), ValueType::boolean) == "false");
    CHECK(refusal(text("0"), ValueType::boolean) == "false");
    CHECK(refusal(text("yes"), ValueType::boolean) == "column n: 'yes' is none of true, false, t, f, 1, 0");
    CHECK(refusal(text(R"([1, {"a": 2}])"), ValueType::json) == R"([1, {"a": 2}])");
    CHECK(refusal(text("[1"), ValueType::json) == "column n: '[1' is not JSON");
    CHECK(refusal(RowCell(), ValueType::as_is) == "column n has no value");
    CHECK(refusal(RowCell(RowCell::Kind::missing, "why"), ValueType::as_is) == "column n has no value (why)");
}
