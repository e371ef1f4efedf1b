// A file of requests in, a file of results out, at most 50 a second. However it ends, the same command resumes it.

#include "plait/plait.hpp"

#include <exception>
#include <iostream>

using namespace plait;

int main(int argc, char** argv) try {
    if (argc != 3) throw Error(ErrorCode::bad_input, "give a file of requests, and one for the results");
    batch::Run run(argv[1], argv[2], {.limits = {policy::parse_rate_limit("requests=50/s")}});
    const batch::RunEnd end = plait::run(run.finish());

    const batch::Tally tally = run.numbers().tally;
    std::cout << tally.done() << " made, " << tally.not_ok() << " not ok\n";
    return end == batch::RunEnd::finished ? 0 : 3;
} catch (const std::exception& error) {
    std::cerr << "batch: " << error.what() << '\n';
    return 2;
}
