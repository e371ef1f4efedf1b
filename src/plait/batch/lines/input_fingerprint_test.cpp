#include "plait/batch/lines/input_fingerprint.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace plait;
using namespace plait::batch;

namespace {

using Lines = std::vector<std::string>;

Lines numbered(std::size_t count) {
    Lines lines;
    for (std::size_t i = 1; i <= count; ++i) lines.push_back("line " + std::to_string(i));
    return lines;
}

struct Reading {
    InputFingerprint kept;
    std::size_t first_block = 0;
    int saves = 0;
    std::string refusal;
};

enum class End { at_end, killed };

/// Shows all lines. A file is read to its end; a pipe refuses appended lines at once.
Reading read(const Lines& lines, const InputFingerprint& before = {}, bool extend = false, End end = End::at_end) {
    Reading reading;
    InputWatch watch("requests.jsonl", before, extend, [&](const InputFingerprint& fingerprint, std::size_t first) {
        reading.kept = fingerprint;
        reading.first_block = first;
        ++reading.saves;
    });
    try {
        for (const std::string& line : lines) watch.see(line);
        if (end == End::at_end) watch.end();
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        reading.refusal = error.what();
    }
    return reading;
}

}  // namespace

TEST_CASE("the same input is accepted, and its fingerprint not saved again") {
    for (const std::size_t count : {1, 100, 4095, 4096, 4097, 10'000}) {
        const InputFingerprint before = read(numbered(count)).kept;
        CHECK(before.lines == count);
        CHECK(before.is_complete);
        CHECK(before.blocks.size() == (count + 4095) / 4096);
        const Reading again = read(numbered(count), before);
        CHECK(again.refusal == "");
        CHECK(again.saves == 0);
    }
}

TEST_CASE("a changed input is refused, and the error says which lines differ") {
    Lines lines = numbered(10'000);
    const InputFingerprint before = read(lines).kept;
    lines[5000] += " ";
    CHECK(read(lines, before).refusal ==
          "requests.jsonl changed since this run began: something in lines 4097 to 8192 differs: put it back as it "
          "was, or start over "
          "with --overwrite");
    lines = numbered(10'000);
    lines.back() += "x";
    CHECK(read(lines, before).refusal.find(": something in lines 8193 to 10000 differs: ") != std::string::npos);
}

TEST_CASE("an input with fewer lines is refused, and the error has both numbers") {
    const InputFingerprint before = read(numbered(100)).kept;
    CHECK(read(numbered(90), before).refusal ==
          "requests.jsonl changed since this run began: it has 90 lines, and had 100: put it back as it was, or start "
          "over with --overwrite");
}

TEST_CASE("appended lines are refused, unless the input may be extended") {
    const InputFingerprint before = read(numbered(5000)).kept;
    CHECK(read(numbered(5020), before).refusal ==
          "requests.jsonl changed since this run began: 20 lines were appended: --extend accepts them");
    CHECK(read(numbered(5001), before).refusal.find(": 1 line was appended: ") != std::string::npos);
    const Reading extended = read(numbered(10'000), before, true);
    CHECK(extended.refusal == "");
    CHECK(extended.kept.lines == 10'000);
    CHECK(extended.kept.blocks == read(numbered(10'000)).kept.blocks);
    Lines lines = numbered(10'000);
    lines[4999] = "other";
    CHECK(read(lines, before, true).refusal.find("lines 4097 to 5000 differs") != std::string::npos);
}

TEST_CASE("appended lines are refused before they are used") {
    const InputFingerprint before = read(numbered(3)).kept;
    InputWatch watch("standard input", before, false, [](const InputFingerprint&, std::size_t) {});
    for (const std::string& line : numbered(3)) {
        watch.see(line);
        CHECK_NOTHROW(watch.refuse_appended());
    }
    watch.see("line 4");
    CHECK_THROWS_WITH(watch.refuse_appended(),
                      "standard input changed since this run began: more than its 3 lines came: --extend accepts them");
}

TEST_CASE("if an input was not read to its end, its beginning is compared and the rest accepted") {
    for (const std::size_t read_lines : {5, 4000, 4096, 9000}) {
        const InputFingerprint before = read(numbered(read_lines), {}, false, End::killed).kept;
        CHECK_FALSE(before.is_complete);
        CHECK(before.lines * 2 >= std::min<std::size_t>(read_lines, 4096));
        const Reading again = read(numbered(10'000), before);
        CHECK(again.refusal == "");
        CHECK(again.kept.is_complete);
        CHECK(again.kept.blocks == read(numbered(10'000)).kept.blocks);
        Lines lines = numbered(10'000);
        lines[1] = "other";
        CHECK(read(lines, before).refusal.find("differ") != std::string::npos);
    }
}
