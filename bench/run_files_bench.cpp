// What it costs to keep a run's files so that it can be resumed: a journal entry for each unsafe request, and reading
// input and results again.
#include "plait/async/event_loop.hpp"
#include "plait/async/task_group.hpp"
#include "plait/batch/lines/input_fingerprint.hpp"
#include "plait/batch/output/id_register.hpp"
#include "plait/batch/output/results_scan.hpp"
#include "plait/batch/resume/journal.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

using namespace plait;
using namespace plait::batch;

namespace {

Task<void> note(Journal& journal, std::uint64_t first, std::uint64_t count) {
    TaskGroup group;
    for (std::uint64_t line = first; line < first + count; ++line) group.start(journal.record(line));
    co_await group.join();
}

/// Records requests that are about to be sent in one turn of the loop; `items_per_second` counts requests.
void journal(benchmark::State& state, bool durable) {
    std::string folder = std::filesystem::temp_directory_path() / "plait-XXXXXX";
    if (!::mkdtemp(folder.data())) return state.SkipWithError("no folder");
    {
        Journal journal(folder + "/results.plait", durable);
        EventLoop loop;
        const auto together = static_cast<std::uint64_t>(state.range(0));
        std::uint64_t line = 1;
        for (auto _ : state) {
            loop.run(note(journal, line, together));
            line += together;
        }
        state.SetItemsProcessed(static_cast<std::int64_t>(line) - 1);
    }
    std::filesystem::remove_all(folder);
}
BENCHMARK_CAPTURE(journal, usual, false)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK_CAPTURE(journal, durable, true)->Arg(1)->Arg(10)->Arg(100);

/// A line of 150 bytes, as many requests have.
void fingerprint(benchmark::State& state) {
    const std::string line(149, 'x');
    InputWatch watch("bench", InputFingerprint(), false, [](const InputFingerprint&, std::size_t) {});
    for (auto _ : state) watch.see(line);
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * 150);
}
BENCHMARK(fingerprint);

/// Results of 500 bytes, in a file that the kernel has in memory.
void scan(benchmark::State& state) {
    const auto lines = static_cast<std::uint64_t>(state.range(0));
    const int file = ::memfd_create("plait-bench", MFD_CLOEXEC);
    std::string text;
    for (std::uint64_t line = 1; line <= lines; ++line) {
        text = fmt::format(R"({{"custom_id":"row-{0}","line":{0},"outcome":"ok","response":"{1}"}})", line,
                           std::string(430, 'x')) +
               "\n";
        if (::write(file, text.data(), text.size()) < 0) return state.SkipWithError("no memory");
    }
    for (auto _ : state) {
        IdRegister ids;
        benchmark::DoNotOptimize(scan_results(file, "bench", ids));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    ::close(file);
}
BENCHMARK(scan)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void claim(benchmark::State& state) {
    for (auto _ : state) {
        IdRegister ids;
        for (std::uint64_t line = 1; line <= static_cast<std::uint64_t>(state.range(0)); ++line) {
            benchmark::DoNotOptimize(ids.claim(fmt::format("row-{}", line), line));
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(claim)->Arg(1'000'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
