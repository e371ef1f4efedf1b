#include "plait/batch/output/file_sink.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/async/task_group.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/testing/check_sink.hpp"
#include "plait/batch/testing/test_files.hpp"
#include "plait/batch/testing/test_folder.hpp"
#include "plait/testing/async_test.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::batch;
using plait::batch::internal::content_of;
using plait::batch::internal::Pipe;
using plait::batch::internal::TestFolder;

namespace {

ErrorCode code_of_create(const std::string& path, std::string& message) {
    try {
        FileSink::create(path, false);
    } catch (const Error& error) {
        message = error.what();
        return error.code();
    }
    return ErrorCode::cancelled;
}

Task<void> write_into(FileSink& sink, std::string_view text, bool& done) {
    const bool read = co_await sink.write(text);
    CHECK(read);
    done = true;
}

}  // namespace

TEST_CASE("a file keeps the contract of a sink") {
    const TestFolder folder;
    const std::string path = folder.file("results.jsonl");
    const auto sink = FileSink::create(path, false);
    run(testing::check_sink(*sink, [&path] { return content_of(path); }));
}

TEST_CASE("a new results file can be read by its owner only") {
    const TestFolder folder;
    const std::string path = folder.file("results.jsonl");
    const auto sink = FileSink::create(path, false);
    CHECK(run(sink->write("a\n")));
    CHECK(run(sink->write("b\n")));
    CHECK(content_of(path) == "a\nb\n");
    struct stat status {};
    ::stat(path.c_str(), &status);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("an existing results file is refused, or replaced with `overwrite`") {
    const TestFolder folder;
    const std::string path = folder.file("results.jsonl");
    std::ofstream(path) << "old\n";
    std::string message;
    CHECK(code_of_create(path, message) == ErrorCode::bad_input);
    CHECK(message == path + " exists: --overwrite replaces it");
    CHECK(content_of(path) == "old\n");
    CHECK(run(FileSink::create(path, true)->write("new\n")));
    CHECK(content_of(path) == "new\n");
}

TEST_CASE("a results file that can't be created is a storage error") {
    std::string message;
    CHECK(code_of_create("/nowhere/results.jsonl", message) == ErrorCode::storage);
    CHECK(message == "create /nowhere/results.jsonl: No such file or directory");
}

TEST_CASE("the error for a full disk names the file") {
    try {
        run(FileSink::create("/dev/full", false)->write("a\n"));
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
        CHECK(std::string(error.what()) == "write /dev/full: No space left on device");
    }
}

ASYNC_TEST("writing waits for a slow reader of a pipe") {
    Pipe pipe;
    FileSink sink(std::move(pipe.write_end), "pipe");
    const std::string text(1'000'000, 'x');
    bool done = false;
    TaskGroup group;
    group.start(write_into(sink, text, done));
    Descriptor reader(std::move(pipe.read_end));
    std::string got;
    std::string block(65536, '\0');
    while (got.size() < text.size()) {
        co_await reader.readable();
        const ssize_t size = ::read(reader.fd(), block.data(), block.size());
        if (size > 0) got.append(block, 0, static_cast<std::size_t>(size));
        if (size < 0) reader.set_drained();
    }
    co_await group.join();
    CHECK(done);
    CHECK(got == text);
}

TEST_CASE("a reader that has gone is not an error") {
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    FileSink sink(std::move(pipe.write_end), "pipe");
    pipe.read_end.reset();
    CHECK_FALSE(run(sink.write("a\n")));
}
