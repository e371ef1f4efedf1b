#include "plait/batch/resume/started_jobs.hpp"

#include "plait/batch/resume/internal/state_file.hpp"

#include <charconv>
#include <string_view>

namespace plait::batch {

std::map<std::uint64_t, std::string> started_jobs(const std::string& state_path) {
    constexpr std::string_view prefix = "poll ";
    std::map<std::uint64_t, std::string> jobs;
    internal::Database database(state_path, internal::Database::Access::read);
    if (!internal::is_laid_out(database)) return jobs;
    internal::Statement statement(database, "SELECT name, value FROM fact WHERE name GLOB 'poll *'");
    while (statement.step()) {
        const std::string_view number = statement.text(0).substr(prefix.size());
        std::uint64_t line = 0;
        std::from_chars(number.data(), number.data() + number.size(), line);
        jobs.emplace(line, statement.text(1));
    }
    return jobs;
}

}  // namespace plait::batch
