// What a row costs: reading it and filling in a template, beside reading the same request as a request line.
#include "plait/async/event_loop.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/sources/row_source.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

using namespace plait;
using namespace plait::batch;

namespace {

constexpr int rows = 100'000;

/// A file that goes with its owner.
class TestFile {
  public:
    TestFile() {
        const int file = ::mkstemp(path_.data());
        if (file >= 0) ::close(file);
        out_.open(path_);
    }
    ~TestFile() { std::remove(path_.c_str()); }

    std::ofstream& out() { return out_; }
    const std::string& close() {
        out_.close();
        return path_;
    }

  private:
    std::string path_ = std::filesystem::temp_directory_path() / "plait-rows-XXXXXX";
    std::ofstream out_;
};

std::string name_of(int row) { return fmt::format("Ann{} \\\"O'Neil & Söhne", row); }

Task<std::uint64_t> read_all(ResumableSource& source) {
    std::uint64_t calls = 0;
    while (const auto item = co_await source.next()) calls += std::holds_alternative<Call>(*item);
    co_return calls;
}

void measure(benchmark::State& state, const std::string& path, const RequestDefaults& defaults) {
    for (auto _ : state) {
        const auto source = open_source({path}, defaults);
        if (run(read_all(*source)) != rows) return state.SkipWithError("some rows are no calls");
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * rows);
}

/// `items_per_second` counts calls.
void request_lines(benchmark::State& state) {
    TestFile file;
    for (int row = 0; row < rows; ++row) {
        file.out() << fmt::format(
            R"({{"custom_id":"{0}","method":"POST","url":"https://api.example/v1/items/{0}?q=Ann{0}%20%22O%27Neil%20%26%20S%C3%B6hne","headers":{{"X-Region":"eu"}},"body":{{"name": "{1}", "n": {0}.50}},"metadata":{{"id":"{0}","name":"{1}"}}}})"
            "\n",
            row, name_of(row));
    }
    measure(state, file.close(), RequestDefaults());
}
BENCHMARK(request_lines)->Unit(benchmark::kMillisecond);

void csv_rows(benchmark::State& state, bool is_quoted) {
    TestFile file;
    file.out() << "id,name,n,region,note\n";
    const std::string quote = is_quoted ? "\"" : "";
    for (int row = 0; row < rows; ++row) {
        file.out() << fmt::format("{0},{1}Ann{0} {1}{1}O'Neil & Söhne{1},{0}.50,eu,not sent\n", row, quote);
    }
    RequestDefaults defaults;
    defaults.rows.url = "https://api.example/v1/items/{{row.id}}?q={{row.name}}";
    defaults.rows.body = R"({"name": {{row.name}}, "n": {{row.n:number}}})";
    defaults.rows.headers = {{"X-Region", "{{row.region}}"}};
    defaults.rows.id_from = "id";
    defaults.rows.keep = {"id", "name"};
    measure(state, file.close(), defaults);
}
BENCHMARK_CAPTURE(csv_rows, plain, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(csv_rows, quoted, true)->Unit(benchmark::kMillisecond);

}  // namespace
