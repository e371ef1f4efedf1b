#include "plait/cli/screen/output_paths.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace plait;
using namespace plait::cli;

TEST_CASE("no two of a run's files may be the same, under whatever name") {
    std::string folder = std::filesystem::temp_directory_path() / "plait-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()));
    const std::string requests = folder + "/requests";
    std::ofstream(requests) << "http://a.b/\n";
    const std::string link = folder + "/link";
    std::filesystem::create_symlink(requests, link);
    const std::string other = folder + "/other";
    const std::string detour = folder + "/./other";
    CHECK_NOTHROW(check_paths(RunPaths({requests}, other, folder + "/trace", folder + "/summary")));
    CHECK_NOTHROW(check_paths(RunPaths({"http://a.b", "-"}, "", "", "")));
    CHECK_THROWS_WITH_AS(check_paths(RunPaths({link}, requests, "", "")), doctest::Contains("is both input and output"),
                         Error);
    CHECK_THROWS_WITH_AS(check_paths(RunPaths({requests}, other, link, "")),
                         doctest::Contains("is both input and trace"), Error);
    CHECK_THROWS_WITH_AS(check_paths(RunPaths({requests}, other, detour, "")),
                         doctest::Contains("is both output and trace"), Error);
    RunPaths with_cookies({requests}, other, "", "");
    with_cookies.cookies = folder + "/jar";
    CHECK_NOTHROW(check_paths(with_cookies));
    with_cookies.cookies = detour;
    CHECK_THROWS_WITH_AS(check_paths(with_cookies), doctest::Contains("is both output and cookie jar"), Error);
    CHECK_THROWS_WITH_AS(check_paths(RunPaths({requests}, "", detour, other)),
                         doctest::Contains("is both summary and trace"), Error);
    std::filesystem::remove_all(folder);
}
