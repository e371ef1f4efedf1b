#include "plait/http/body/saved_body.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace plait::http {

namespace {

class Folder {
  public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "plait-test-XXXXXX";
        REQUIRE(::mkdtemp(name.data()));
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    const std::string& path() const noexcept { return path_; }
    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
    }

  private:
    std::string path_;
};

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a saved body is there whole once it is kept, and only its owner can read it") {
    const Folder folder;
    SavedBody body(folder.path());
    body.append("one ");
    body.append("two");
    CHECK(body.size() == 7);
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/id"));
    body.keep_as("id", true);
    CHECK(body.path() == folder.path() + "/id");
    CHECK(content_of(body.path()) == "one two");
    struct stat status {};
    REQUIRE(::stat(body.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(folder.files() == 1);
}

TEST_CASE("a saved body is written in blocks, in any order") {
    const Folder folder;
    SavedBody body(folder.path());
    body.append(std::string(SavedBody::block_bytes - 1, 'a'));
    CHECK_FALSE(body.has_block());
    body.append("b");
    REQUIRE(body.has_block());
    const SavedBody::Block first = body.take_block();
    CHECK_FALSE(body.has_pending());
    body.append("c");
    body.write(body.take_block());
    body.write(first);
    CHECK(body.size() == SavedBody::block_bytes + 1);
    CHECK(content_of(body.path()) == std::string(SavedBody::block_bytes - 1, 'a') + "bc");
}

TEST_CASE("a saved body that nobody writes is written before it takes up much memory") {
    const Folder folder;
    SavedBody body(folder.path());
    const std::string piece(SavedBody::most_pending / 4, 'x');
    for (int i = 0; i < 2; ++i) body.append(piece);
    CHECK(body.is_behind());
    for (int i = 0; i < 2; ++i) body.append(piece);
    CHECK(content_of(body.path()).empty());
    body.append("y");
    CHECK(content_of(body.path()).size() == SavedBody::most_pending);
    body.flush();
    CHECK(content_of(body.path()).size() == SavedBody::most_pending + 1);
}

TEST_CASE("a saved body that is not kept leaves nothing behind") {
    const Folder folder;
    { SavedBody(folder.path()).append("half"); }
    CHECK(folder.files() == 0);
}

TEST_CASE("a saved body passes from process to process") {
    const Folder folder;
    std::string path;
    {
        SavedBody body(folder.path());
        body.append("text");
        path = body.release();
    }
    SavedBody adopted(path, 4);
    adopted.keep_as("id", false);
    CHECK(content_of(folder.path() + "/id") == "text");
}

TEST_CASE("a saved body replaces the file of an earlier run") {
    const Folder folder;
    std::ofstream(folder.path() + "/id") << "old";
    SavedBody body(folder.path());
    body.append("new");
    body.keep_as("id", false);
    CHECK(content_of(folder.path() + "/id") == "new");
}

TEST_CASE("a folder that is gone is named") {
    CHECK_THROWS_WITH_AS(SavedBody("/none"), doctest::Contains("/none"), Error);
}

}  // namespace plait::http
