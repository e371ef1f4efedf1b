// A file of requests, made into a file of results, no more than 50 a second. However it ends, the same command goes on.

#include "plait/plait.hpp"

#include <exception>
#include <iostream>

using namespace plait;

Task<void> make_all(std::string requests, std::string results) {
    const auto files = batch::RunFiles::open(results, batch::Settings(), batch::RunFilesOptions());
    const auto source = batch::open_source({requests}, batch::RequestDefaults());
    files->follow(*source);

    batch::RunnerOptions options;
    options.calls.limits = {policy::parse_rate_limit("requests=50/s")};
    options.calls.sends = files->journal();  // what must not be sent twice is noted before it leaves
    options.calls.is_resumable = files->journal() != nullptr;
    options.sent_before = &files->sent_before();

    batch::MethodOptions async;
    async.concurrency = options.calls.concurrency;
    batch::AsyncMethod method(std::move(async));
    batch::Runner runner(*source, method, files->sink(), options, std::move(files->ids()));
    co_await runner.run();
    files->close();
    std::cout << runner.tally().done() << " made, " << runner.tally().not_ok() << " not ok\n";
}

int main(int argc, char** argv) try {
    if (argc != 3) throw Error(ErrorCode::bad_input, "give a file of requests, and one for the results");
    run(make_all(argv[1], argv[2]));
} catch (const std::exception& error) {
    std::cerr << "batch: " << error.what() << '\n';
    return 2;
}
