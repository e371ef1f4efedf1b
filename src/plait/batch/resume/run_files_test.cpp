#include "plait/batch/resume/run_files.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/sources/line_source.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/testing/test_files.hpp"
#include "plait/batch/testing/test_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::content_of;
using plait::batch::internal::Pipe;
using plait::batch::internal::TestFolder;

namespace {

std::string result(std::uint64_t line) {
    return fmt::format("{{\"custom_id\":\"line-{0}\",\"line\":{0},\"outcome\":\"ok\",\"response\":null}}\n", line);
}

std::string urls(int count) {
    std::string text;
    for (int i = 1; i <= count; ++i) text += fmt::format("http://a.b/{}\n", i);
    return text;
}

/// A folder with requests, and runs over them that end abruptly, as if they were killed.
class Runs {
  public:
    Runs() { folder.write("requests", urls(5)); }

    struct Opened {
        std::unique_ptr<ResumableSource> source;
        std::unique_ptr<RunFiles> files;
    };

    Opened open() const {
        Opened opened;
        opened.files = RunFiles::open(results, settings, options);
        opened.source = open_source({requests}, RequestDefaults());
        opened.files->follow(*opened.source);
        return opened;
    }

    /// The lines that the next run would send.
    std::vector<std::uint64_t> lines_to_send() const {
        const Opened opened = open();
        std::vector<std::uint64_t> lines;
        while (const auto item = run(opened.source->next())) lines.push_back(std::get<Call>(*item).line);
        return lines;
    }

    void finish_lines(const std::vector<std::uint64_t>& lines) const {
        const Opened opened = open();
        std::string text;
        for (const std::uint64_t line : lines) text += result(line);
        run(opened.files->sink().write(text));
    }

    std::string refusal() const {
        try {
            open();
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::bad_input);
            return error.what();
        }
        return "not refused";
    }

    TestFolder folder;
    std::string requests = folder.file("requests");
    std::string results = folder.file("results");
    std::string state = state_path(results);
    Settings settings{{"--body", "auto"}};
    RunFilesOptions options;
};

using Lines = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a new run has both files, which only their owner can read, and sends all lines") {
    const Runs runs;
    CHECK(runs.lines_to_send() == Lines{1, 2, 3, 4, 5});
    for (const std::string& path : {runs.results, runs.state}) {
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
}

TEST_CASE("a run is resumed with the lines that have no result, under the same id") {
    const Runs runs;
    const std::string id = runs.open().files->run_id();
    runs.finish_lines({4, 2});
    const Runs::Opened opened = runs.open();
    CHECK(opened.files->is_resumed());
    CHECK(opened.files->run_id() == id);
    CHECK(opened.files->done().size() == 2);
    CHECK(opened.files->outcomes()[static_cast<std::size_t>(Outcome::ok)] == 2);
    CHECK(opened.source->total() == 5);
    std::vector<std::uint64_t> lines;
    while (const auto item = run(opened.source->next())) lines.push_back(std::get<Call>(*item).line);
    CHECK(lines == Lines{1, 3, 5});
}

TEST_CASE("a run has its id before its source is opened, and no file if that fails") {
    const Runs runs;
    std::string id;
    {
        const auto files = RunFiles::open(runs.results, runs.settings, runs.options);
        id = files->run_id();
        CHECK(id.size() == 32);
    }
    CHECK_FALSE(std::filesystem::exists(runs.results));
    CHECK_FALSE(std::filesystem::exists(runs.state));
    CHECK(runs.open().files->run_id() != id);
}

TEST_CASE("an input that can't be opened loses no results, not even with --overwrite") {
    Runs runs;
    runs.finish_lines({1, 2});
    runs.options.overwrite = true;
    const std::string id = RunFiles::open(runs.results, runs.settings, runs.options)->run_id();
    CHECK(content_of(runs.results) == result(1) + result(2));
    CHECK(read_journal(runs.state).run_id != id);
    runs.options.overwrite = false;
    CHECK(runs.lines_to_send() == Lines{3, 4, 5});
}

TEST_CASE("a torn last line is cut off, and results are appended after the whole lines") {
    const Runs runs;
    runs.finish_lines({1});
    runs.folder.write("results", result(1) + result(2).substr(0, 30));
    runs.finish_lines({2});
    CHECK(content_of(runs.results) == result(1) + result(2));
}

TEST_CASE("the first line decides the format of the input, even if that line is done") {
    Runs runs;
    runs.folder.write("requests", "\n{\"url\":\"http://a.b/1\"}\n\n{\"url\":\"http://a.b/2\"}\n");
    runs.finish_lines({2});
    CHECK(runs.lines_to_send() == Lines{4});
}

TEST_CASE("later runs know what was about to be sent, and refuse if its results are lost") {
    const Runs runs;
    {
        const Runs::Opened opened = runs.open();
        for (const std::uint64_t line : {1, 2, 3}) run(opened.files->journal()->record(line));
        run(opened.files->sink().write(result(2)));
    }
    for (int again = 0; again < 2; ++again) {
        const Runs::Opened opened = runs.open();
        CHECK(opened.files->sent_before().size() == 3);
        CHECK(opened.files->done().size() == 1);
    }
    std::filesystem::remove(runs.results);
    CHECK(runs.refusal().find(" is missing, and 3 unsafe requests were sent") != std::string::npos);
}

TEST_CASE("lines that are appended while a run reads its input are left to the next run") {
    const Runs runs;
    Lines lines;
    {
        const Runs::Opened opened = runs.open();
        runs.folder.write("requests", urls(5) + "http://a.b/ha");
        while (const auto item = run(opened.source->next())) lines.push_back(std::get<Call>(*item).line);
    }
    CHECK(lines == Lines{1, 2, 3, 4, 5});
    CHECK(runs.refusal().find("1 line was appended") != std::string::npos);
}

TEST_CASE("the ids of existing results are taken") {
    const Runs runs;
    runs.finish_lines({3});
    const Runs::Opened opened = runs.open();
    CHECK(opened.files->ids().claim("line-3", 5) == 3);
}

TEST_CASE("a changed input is refused, and no file is changed") {
    const Runs runs;
    runs.finish_lines({1});
    runs.folder.write("requests", urls(4) + "http://a.b/other\n");
    runs.folder.write("results", result(1) + "torn");
    CHECK(runs.refusal().find("changed since this run began: something in lines 1 to 5 differs") != std::string::npos);
    CHECK(content_of(runs.results) == result(1) + "torn");
    runs.folder.write("requests", urls(5));
    CHECK(runs.lines_to_send() == Lines{2, 3, 4, 5});
}

TEST_CASE("appended lines are refused, and accepted with extend, from then on") {
    Runs runs;
    runs.finish_lines({1, 2, 3, 4, 5});
    runs.folder.write("requests", urls(7));
    CHECK(runs.refusal().find("2 lines were appended: --extend accepts them") != std::string::npos);
    runs.options.extend = true;
    CHECK(runs.lines_to_send() == Lines{6, 7});
    runs.options.extend = false;
    CHECK(runs.lines_to_send() == Lines{6, 7});
}

TEST_CASE("a last line without a line break may be followed by more with extend") {
    Runs runs;
    runs.folder.write("requests", "http://a.b/1\nhttp://a.b/2");
    runs.finish_lines({1});
    runs.folder.write("requests", urls(3));
    runs.options.extend = true;
    CHECK(runs.lines_to_send() == Lines{2, 3});
}

TEST_CASE("changed settings are refused, with their old values") {
    Runs runs;
    runs.finish_lines({1});
    runs.settings = {{"--body", "text"}};
    CHECK(runs.refusal() ==
          "--body was 'auto' when this run began, and is 'text' now: restore it, or start over with --overwrite");
    runs.settings = {{"--body", "auto"}, {"--ordered", "yes"}};
    CHECK(runs.refusal() ==
          "--ordered was not given when this run began, and is 'yes' now: omit it, or start over with --overwrite");
    runs.settings = {};
    CHECK(runs.refusal().starts_with("--body was 'auto' when this run began, and is not given now"));
    runs.settings = {{"--body", ""}};
    CHECK(runs.refusal() ==
          "--body was 'auto' when this run began, and is not given now: restore it, or start over with --overwrite");
}

TEST_CASE("results without a state file are refused, unless they are empty") {
    const Runs runs;
    runs.folder.write("results", result(1));
    CHECK(runs.refusal().starts_with(runs.results + " has no state file " + runs.state));
    CHECK_FALSE(std::filesystem::exists(runs.state));
    runs.folder.write("results", "");
    CHECK(runs.lines_to_send() == Lines{1, 2, 3, 4, 5});
}

TEST_CASE("a state file of a run that died before it began is ignored") {
    const Runs runs;
    runs.folder.write("results.plait", "");
    runs.folder.write("results", "");
    CHECK(runs.lines_to_send() == Lines{1, 2, 3, 4, 5});
}

TEST_CASE("missing results are refused if unsafe requests were sent, and otherwise created again") {
    Runs runs;
    runs.finish_lines({1});
    std::filesystem::remove(runs.results);
    CHECK(runs.lines_to_send() == Lines{1, 2, 3, 4, 5});
    run(runs.open().files->journal()->record(2));
    std::filesystem::remove(runs.results);
    CHECK(runs.refusal() ==
          runs.results +
              " is missing, and 1 unsafe request was sent whose results it may have held: restore it, or "
              "start over with --overwrite, which sends them again");
    CHECK_FALSE(std::filesystem::exists(runs.results));
    runs.options.overwrite = true;
    CHECK(runs.lines_to_send() == Lines{1, 2, 3, 4, 5});
}

TEST_CASE("overwrite starts over with another id") {
    Runs runs;
    const std::string id = runs.open().files->run_id();
    runs.finish_lines({1, 2});
    runs.options.overwrite = true;
    {
        const Runs::Opened opened = runs.open();
        CHECK_FALSE(opened.files->is_resumed());
        CHECK(opened.files->run_id() != id);
    }
    CHECK(content_of(runs.results) == "");
}

TEST_CASE("a second run on the same results is refused, and the error names the process of the first") {
    const Runs runs;
    const Runs::Opened first = runs.open();
    CHECK(runs.refusal() == fmt::format("another plait run (process {}) writes {}: wait for its end, or name other "
                                        "results",
                                        ::getpid(), runs.results));
    CHECK(std::filesystem::exists(runs.results));
}

TEST_CASE("results that are not a file have no state") {
    Runs runs;
    runs.results = "/dev/null";
    const Runs::Opened opened = runs.open();
    CHECK(opened.files->journal() == nullptr);
    CHECK(opened.files->sent_before().size() == 0);
    CHECK(opened.files->run_id().size() == 32);
    CHECK_FALSE(std::filesystem::exists("/dev/null.plait"));
}

TEST_CASE("results under the name of an open descriptor have no state, whichever name that is") {
    Runs runs;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd read_end(ends[0]);
    const UniqueFd write_end(ends[1]);
    const std::string link = runs.folder.file("link");
    std::filesystem::create_symlink(fmt::format("/dev/fd/{}", write_end.get()), link);
    const std::string file = runs.folder.write("file", "");
    const UniqueFd open_file(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    for (const std::string& name :
         {link, fmt::format("/dev/fd/{}", write_end.get()), fmt::format("/proc/self/fd/{}", open_file.get())}) {
        runs.results = name;
        runs.options.overwrite = true;
        CHECK_MESSAGE(runs.open().files->journal() == nullptr, name);
    }
    CHECK_FALSE(std::filesystem::exists(state_path(file)));
    CHECK_FALSE(std::filesystem::exists(state_path(link)));
}

TEST_CASE("results in memory, on a file system below /dev, can be resumed") {
    if (::access("/dev/shm", W_OK) != 0) return;  // not every system has it
    Runs runs;
    const TestFolder folder("/dev/shm");
    runs.results = folder.file("results");
    runs.finish_lines({1, 3});
    CHECK(std::filesystem::exists(state_path(runs.results)));
    CHECK(runs.lines_to_send() == Lines{2, 4, 5});
}

TEST_CASE("results in a missing folder are a storage error") {
    Runs runs;
    runs.results = runs.folder.file("nowhere/results");
    try {
        runs.open();
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
        CHECK(std::string(error.what()) == "create " + runs.results + ": No such file or directory");
    }
}

TEST_CASE("a pipe is compared while it is read, and the lines that are done are skipped") {
    const Runs runs;
    const auto lines_of = [&runs](std::string_view text, std::size_t most) {
        Pipe pipe;
        pipe.write(text);
        pipe.write_end.reset();
        LineSource source(LineReader(std::move(pipe.read_end), "standard input"), RequestReader(RequestDefaults()));
        const auto files = RunFiles::open(runs.results, runs.settings, runs.options);
        files->follow(source);
        std::vector<std::uint64_t> lines;
        while (lines.size() < most) {
            const auto item = run(source.next());
            if (!item) break;
            lines.push_back(std::get<Call>(*item).line);
        }
        run(files->sink().write(lines.empty() ? "" : result(lines.front())));
        return lines;
    };
    CHECK(lines_of(urls(5), 4) == Lines{1, 2, 3, 4});
    CHECK_THROWS_WITH(
        lines_of("http://a.b/1\nhttp://a.b/other\n" + urls(9), 9),
        doctest::Contains("standard input changed since this run began: something in lines 1 to 4 differs"));
    CHECK_THROWS_WITH(lines_of(urls(3), 9), doctest::Contains("it has 3 lines, and had 4"));
    CHECK(lines_of(urls(5), 9) == Lines{2, 3, 4, 5});
    CHECK_THROWS_WITH(lines_of(urls(7), 9), doctest::Contains("more than its 5 lines came: --extend accepts them"));
}

TEST_CASE("a list of URLs can be resumed, too, and must be the same") {
    const Runs runs;
    const auto open = [&runs](std::vector<std::string> list) {
        Runs::Opened opened;
        opened.files = RunFiles::open(runs.results, runs.settings, runs.options);
        opened.source = open_source(std::move(list), RequestDefaults());
        opened.files->follow(*opened.source);
        return opened;
    };
    run(open({"http://a.b/1", "http://a.b/2", "http://a.b/3"}).files->sink().write(result(1) + result(3)));
    {
        const Runs::Opened opened = open({"http://a.b/1", "http://a.b/2", "http://a.b/3"});
        CHECK(std::get<Call>(*run(opened.source->next())).line == 2);
        CHECK_FALSE(run(opened.source->next()));
    }
    CHECK_THROWS_WITH(
        open({"http://a.b/1", "http://a.b/x", "http://a.b/3"}),
        doctest::Contains("the list of URLs changed since this run began: something in lines 1 to 3 differs"));
}

TEST_CASE("a durable run is resumed like any other") {
    Runs runs;
    runs.options.durable = true;
    runs.finish_lines({2, 3});
    CHECK(runs.lines_to_send() == Lines{1, 4, 5});
}
