#include "plait/http/transfer/internal/body_reader.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

namespace plait::http::internal {

namespace {

class MemoryFile {
  public:
    explicit MemoryFile(std::string_view content) : fd_(::memfd_create("body", MFD_CLOEXEC)) {
        REQUIRE(::write(fd_.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    }
    std::string path() const { return fmt::format("/proc/self/fd/{}", fd_.get()); }
    void cut_to(off_t size) { REQUIRE(::ftruncate(fd_.get(), size) == 0); }

  private:
    UniqueFd fd_;
};

Request request_with(std::shared_ptr<const BodyParts> parts) {
    Request request("POST", Url("http://a.example/"));
    request.body_parts = std::move(parts);
    return request;
}

/// Takes the body in steps of at most `step` bytes.
std::string read_all(BodyReader& reader, std::size_t step) {
    std::string text;
    while (reader.left() > 0) {
        const std::string_view piece = reader.peek();
        REQUIRE_FALSE(piece.empty());
        const std::size_t size = std::min(step, piece.size());
        text += piece.substr(0, size);
        reader.skip(size);
    }
    CHECK(reader.peek().empty());
    return text;
}

ErrorCode failure_of(BodyReader& reader) {
    try {
        (void)reader.peek();
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::storage;
}

}  // namespace

TEST_CASE("a body of texts and files is read in order, in steps of any size") {
    const MemoryFile empty("");
    const MemoryFile file(std::string(100'000, 'f'));
    auto parts = std::make_shared<BodyParts>();
    parts->add_text("head");
    parts->add_file(empty.path());
    parts->add_file(file.path());
    parts->add_text("");
    parts->add_text("tail");
    const Request request = request_with(parts);
    for (const std::size_t step : {std::size_t(1), std::size_t(3), std::size_t(70'000)}) {
        CAPTURE(step);
        BodyReader reader(request);
        CHECK(reader.left() == 100'008);
        CHECK(read_all(reader, step) == "head" + std::string(100'000, 'f') + "tail");
    }
}

TEST_CASE("a body that is one text is read without a copy") {
    Request request("POST", Url("http://a.example/"));
    request.body = "text";
    BodyReader reader(request);
    CHECK(reader.peek().data() == request.body.data());
    CHECK(read_all(reader, 3) == "text");
}

TEST_CASE("a file that changed its size is not sent") {
    MemoryFile file("12345678");
    auto parts = std::make_shared<BodyParts>();
    parts->add_file(file.path());
    const Request request = request_with(parts);

    BodyReader started(request);
    CHECK(started.peek() == "12345678");
    started.skip(2);
    file.cut_to(2);
    CHECK(failure_of(started) == ErrorCode::bad_input);

    BodyReader fresh(request);
    CHECK(failure_of(fresh) == ErrorCode::bad_input);
}

TEST_CASE("only a plain file can be part of a body") {
    BodyParts parts;
    CHECK_THROWS_AS(parts.add_file("/proc/self"), Error);
    CHECK_THROWS_AS(parts.add_file("/none"), Error);
    CHECK(parts.size() == 0);
}

}  // namespace plait::http::internal
