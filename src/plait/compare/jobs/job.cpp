#include "plait/compare/jobs/job.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <vector>

namespace plait::compare {

namespace {

/// Naive recursion, which takes about as many calls as the number that it returns.
[[gnu::noinline]] std::uint64_t fibonacci(std::uint64_t n) {
    if (n < 2) return n;
    return fibonacci(n - 1) + fibonacci(n - 2);
}

std::string find_fibonacci(std::uint64_t n) { return fmt::to_string(fibonacci(n)); }

/// Hashes this many zero bytes, in blocks, so that memory use does not grow with the amount.
std::string hash_zeros(std::uint64_t bytes) {
    constexpr std::size_t block_size = 1 << 20;
    const std::vector<unsigned char> block(block_size);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    bool done = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
    for (std::uint64_t left = bytes; done && left > 0;) {
        const std::size_t size = std::min<std::uint64_t>(left, block_size);
        done = EVP_DigestUpdate(context.get(), block.data(), size) == 1;
        left -= size;
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    done = done && EVP_DigestFinal_ex(context.get(), digest, &size) == 1;
    PLAIT_ASSERT(done, "hashing needs nothing that could be missing");
    std::string text;
    for (unsigned n = 0; n < size; ++n) text += fmt::format("{:02x}", digest[n]);
    return text;
}

Task<std::string> sleep_in_a_task(std::uint64_t microseconds) {
    co_await sleep_for(std::chrono::microseconds(microseconds));
    co_return "slept";
}

/// Blocks this thread: a new loop runs the one task here, and any loop that called this stops meanwhile.
std::string sleep_here(std::uint64_t microseconds) { return run(sleep_in_a_task(microseconds)); }

const JobUnit* find_unit(const JobKind& kind, std::string_view name) {
    for (const JobUnit& unit : kind.units) {
        if (unit.factor > 0 && unit.name == name) return &unit;
    }
    return nullptr;
}

/// Parses an amount such as `64MiB`. Throws `Error(bad_input)` if it is invalid or too large.
std::uint64_t amount_of(const JobKind& kind, std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const JobUnit* const unit = find_unit(kind, text.substr(static_cast<std::size_t>(end - text.data())));
    if (error != std::errc() || !unit || number > kind.most / unit->factor) {
        throw_bad_input(fmt::format("'{}' is not {} of at most {}, such as {}", text,
                                    kind.name == "fib" ? "a number" : "an amount", kind.most_text, kind.example));
    }
    return number * unit->factor;
}

constexpr JobUnit no_unit{{}, 0};
constexpr std::uint64_t kibi = 1024;

}  // namespace

const std::array<JobKind, 3> job_kinds{{
    {"fib",
     "fib:38",
     "this Fibonacci number, by naive recursion",
     {{{"", 1}, no_unit, no_unit}},
     50,
     "50",
     true,
     true,
     find_fibonacci},
    {"sha256",
     "sha256:64MiB",
     "the hash of this many bytes",
     {{{"KiB", kibi}, {"MiB", kibi* kibi}, {"GiB", kibi* kibi* kibi}}},
     kibi* kibi* kibi,
     "1GiB",
     true,
     false,
     hash_zeros},
    {"sleep",
     "sleep:90ms",
     "blocks its thread without computing, for comparison",
     {{{"us", 1}, {"ms", 1'000}, {"s", 1'000'000}}},
     60'000'000,
     "60s",
     false,
     false,
     sleep_here},
}};

std::string known_jobs() {
    std::string text;
    for (const JobKind& kind : job_kinds) {
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", kind.example, kind.help);
    }
    return text;
}

Job Job::parse(std::string_view text) {
    const auto colon = text.find(':');
    const auto kind = std::find_if(job_kinds.begin(), job_kinds.end(),
                                   [&](const JobKind& known) { return known.name == text.substr(0, colon); });
    if (kind == job_kinds.end() || colon == std::string_view::npos) {
        throw_bad_input(fmt::format("'{}' is not one of the jobs {}", text, known_jobs()));
    }
    return Job(std::string(text), *kind, amount_of(*kind, text.substr(colon + 1)));
}

}  // namespace plait::compare
