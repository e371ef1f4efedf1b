#include "plait/coding/decoder.hpp"

#include "plait/coding/encoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace plait;
using namespace plait::coding;
using namespace std::string_literals;

namespace {

constexpr std::array all_codings{Coding::gzip, Coding::deflate, Coding::brotli, Coding::zstd};

/// Some text that compresses to about a third.
std::string long_text() {
    std::string text;
    for (unsigned n = 0; text.size() < 44'000; ++n)
        text += std::to_string(n * 2654435761U) + (n % 3 ? ", \"id\": " : "\n");
    return text;
}

/// The decoded data, and what was wrong with it.
struct Decoded {
    std::string data;
    std::string trouble;

    bool operator==(const Decoded&) const = default;
};

Decoded decode(Coding coding, std::string_view coded, std::size_t piece, std::size_t room_size = 4096) {
    Decoded decoded;
    try {
        const auto decoder = make_decoder(coding, ErrorCode::protocol);
        std::string room(room_size, '\0');
        while (!coded.empty()) {
            std::string_view part = coded.substr(0, piece);
            coded.remove_prefix(part.size());
            Decoder::Step step;
            do {
                step = decoder->decode(part, room);
                CHECK((step.taken > 0 || step.made > 0 || part.empty()));
                part.remove_prefix(step.taken);
                decoded.data.append(room, 0, step.made);
            } while (!part.empty() || step.made == room.size());
        }
        if (!decoder->is_whole()) decoded.trouble = "truncated";
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::protocol);
        decoded.trouble = error.what();
    }
    return decoded;
}

/// The result at once, after a check that it is the same in any pieces and with any room.
Decoded decode(Coding coding, std::string_view coded) {
    const Decoded whole = decode(coding, coded, coded.size());
    for (const std::size_t piece : {1, 2, 7, 1000})
        for (const std::size_t room : {1, 100, 100'000}) {
            const Decoded pieces = decode(coding, coded, piece, room);
            CHECK(pieces.trouble == whole.trouble);
            if (whole.trouble.empty()) CHECK(pieces.data == whole.data);
        }
    return whole;
}

std::string trouble_of(Coding coding, std::string_view coded) { return decode(coding, coded).trouble; }

}  // namespace

TEST_CASE("each coding gives back what was coded, in any pieces") {
    for (const Coding coding : all_codings)
        for (const std::string& text : {long_text(), "a"s, ""s, std::string(300'000, 'x')}) {
            CAPTURE(to_string(coding));
            CHECK(decode(coding, encode(coding, text)) == Decoded{text, ""});
        }
}

TEST_CASE("data that is cut anywhere is not whole, in each coding") {
    for (const Coding coding : all_codings) {
        const std::string coded = encode(coding, long_text().substr(0, 3000));
        CAPTURE(to_string(coding));
        for (std::size_t size = 1; size < coded.size(); ++size) {
            const Decoded decoded = decode(coding, std::string_view(coded).substr(0, size), size);
            CHECK(decoded.trouble == "truncated");
            CHECK(long_text().starts_with(decoded.data));
        }
    }
}

TEST_CASE("nearly all data comes out before the cut is reported") {
    const std::string text = long_text();
    for (const Coding coding : all_codings) {
        const std::string coded = encode(coding, text);
        CAPTURE(to_string(coding));
        const std::string data = decode(coding, std::string_view(coded).substr(0, coded.size() - 1), 100).data;
        CHECK(text.starts_with(data));
        CHECK(data.size() > text.size() - 100);
    }
}

TEST_CASE("gzip members and zstd frames follow one another") {
    for (const Coding coding : {Coding::gzip, Coding::zstd}) {
        const std::string twice = encode(coding, "one ") + encode(coding, "") + encode(coding, "two");
        CHECK(decode(coding, twice) == Decoded{"one two", ""});
        CHECK(trouble_of(coding, twice.substr(0, twice.size() - 3)) == "truncated");
    }
    const std::string skippable = "\x50\x2a\x4d\x18\x03\0\0\0abc"s;
    CHECK(decode(Coding::zstd, skippable + encode(Coding::zstd, "one") + skippable) == Decoded{"one", ""});
}

TEST_CASE("zeros may follow gzip data, and nothing else may follow any") {
    CHECK(decode(Coding::gzip, encode(Coding::gzip, "a") + std::string(16, '\0')) == Decoded{"a", ""});
    CHECK(trouble_of(Coding::gzip, encode(Coding::gzip, "a") + "\0b"s) == "something else follows its gzip data");
    CHECK(trouble_of(Coding::gzip, encode(Coding::gzip, "a") + "junk") ==
          "its gzip data is damaged (incorrect header check)");
    CHECK(trouble_of(Coding::deflate, encode(Coding::deflate, "a") + "j") == "something else follows its deflate data");
    CHECK(trouble_of(Coding::brotli, encode(Coding::brotli, "a") + "j") == "something else follows its br data");
    CHECK(trouble_of(Coding::zstd, encode(Coding::zstd, "a") + "junk") ==
          "its zstd data can't be read (Unknown frame descriptor)");
}

TEST_CASE("deflate is zlib data, or raw data") {
    const std::string zlib = encode(Coding::deflate, long_text());
    const std::string raw = zlib.substr(2, zlib.size() - 6);
    CHECK(decode(Coding::deflate, raw) == Decoded{long_text(), ""});
    CHECK(decode(Coding::deflate, "\x03\0"s) == Decoded{"", ""});
    CHECK(trouble_of(Coding::deflate, raw.substr(0, raw.size() - 1)) == "truncated");
    CHECK(trouble_of(Coding::deflate, raw.substr(0, 1)) == "truncated");
    CHECK(trouble_of(Coding::deflate, zlib.substr(0, zlib.size() - 4)) == "truncated");
    CHECK(trouble_of(Coding::deflate, zlib.substr(0, zlib.size() - 4) + "abcd") ==
          "its deflate data is damaged (incorrect data check)");
}

TEST_CASE("damage is found in each coding") {
    const std::string text = "plain text";
    CHECK(trouble_of(Coding::gzip, text) == "its gzip data is damaged (incorrect header check)");
    CHECK_FALSE(trouble_of(Coding::deflate, text).empty());
    CHECK_FALSE(trouble_of(Coding::brotli, text + text).empty());
    CHECK(trouble_of(Coding::zstd, text) == "its zstd data can't be read (Unknown frame descriptor)");
    std::string gzip = encode(Coding::gzip, long_text());
    gzip[gzip.size() - 8] = static_cast<char>(gzip[gzip.size() - 8] ^ 1);
    CHECK(trouble_of(Coding::gzip, gzip) == "its gzip data is damaged (incorrect data check)");
}

TEST_CASE("a zstd window may have 128 MiB, and a brotli window what RFC 7932 permits") {
    const auto frame_with_window = [](char descriptor) {  // RFC 8878, section 3.1.1.1.2, and a raw block
        return "\x28\xb5\x2f\xfd\0"s + descriptor + "\x11\0\0hi"s;
    };
    CHECK(decode(Coding::zstd, frame_with_window('\x88')) == Decoded{"hi", ""});
    CHECK(trouble_of(Coding::zstd, frame_with_window('\x90')) == "its zstd data needs a window of more than 128 MiB");
    CHECK(trouble_of(Coding::brotli, "\x11\x1c\xff\xff\xff\xff") ==
          "its br data has a window size that RFC 7932 does not define, such as a large window");
}

TEST_CASE("the memory of a window is known") {
    const auto zstd = make_decoder(Coding::zstd, ErrorCode::protocol);
    std::array<char, 10> room;
    CHECK(zstd->window_memory() == 0);
    zstd->decode("\x28\xb5\x2f\xfd\0\x88\x11\0\0"s, room);
    CHECK(zstd->window_memory() >= 128U * 1024 * 1024);

    const auto brotli = make_decoder(Coding::brotli, ErrorCode::protocol);
    const std::string coded = encode(Coding::brotli, std::string(20'000'000, 'x'));
    brotli->decode(coded, room);
    CHECK(brotli->window_memory() >= 4U * 1024 * 1024);
}
