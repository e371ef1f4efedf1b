#include "plait/batch/resume/journal_facts.hpp"

#include "plait/batch/resume/internal/state_file.hpp"

namespace plait::batch {

JournalFacts read_journal(const std::string& path) {
    using internal::Database;
    using internal::fact;
    JournalFacts facts;
    Database database(path, Database::Access::read);
    if (!internal::is_laid_out(database)) return facts;
    // In one transaction, so that all facts are of the same moment.
    database.execute("BEGIN");
    facts.run_id = fact(database, "run_id").value_or("");
    facts.settings = internal::read_settings(database);
    facts.requests = fact(database, "requests");
    facts.input = internal::read_input(database);
    facts.status = fact(database, "status").value_or("");
    facts.process = static_cast<std::int64_t>(internal::number_of_fact(database, "process"));
    return facts;
}

}  // namespace plait::batch
