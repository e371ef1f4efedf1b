#include "plait/batch/output/body_files.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/testing/test_folder.hpp"
#include "plait/http/body/saved_body.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace plait::batch {

TEST_CASE("the name of a body's file is its call's id, safe in any folder") {
    CHECK(body_file_name("invoice-17_b.json") == "invoice-17_b.json");
    CHECK(body_file_name("../a/b") == "%2E.%2Fa%2Fb");
    CHECK(body_file_name(".hidden") == "%2Ehidden");
    CHECK(body_file_name("50%") == "50%25");
    CHECK(body_file_name(std::string("\xc3\xa4\0", 3)) == "%C3%A4%00");
}

TEST_CASE("long ids have names that differ") {
    const std::string one = body_file_name(std::string(300, 'x') + "1");
    const std::string other = body_file_name(std::string(300, 'x') + "2");
    CHECK(one.size() == 200);
    CHECK(one != other);
}

TEST_CASE("a folder for bodies is made, and what a killed run left in it is removed") {
    const internal::TestFolder folder;
    const std::string path = folder.file("a/b");
    prepare_body_folder(path);
    CHECK(std::filesystem::is_empty(path));

    http::SavedBody used(path);
    std::string left;
    {
        http::SavedBody body(path);
        left = body.release();
    }
    prepare_body_folder(path);
    CHECK(std::filesystem::exists(used.path()));
    CHECK_FALSE(std::filesystem::exists(left));
}

TEST_CASE("a folder that can't be made is refused") {
    CHECK_THROWS_WITH_AS(prepare_body_folder("/proc/none/x"), doctest::Contains("/proc/none"), Error);
}

}  // namespace plait::batch
