#include "plait/mock/internal/statistics_answer.hpp"

#include "plait/base/text/json_string.hpp"
#include "plait/mock/content/internal/target.hpp"
#include "plait/mock/internal/fault_table.hpp"

#include <fmt/format.h>

#include <iterator>
#include <limits>
#include <utility>

namespace plait::mock::internal {

namespace {

constexpr std::string_view ids_path = "/stats/ids";

std::string totals(const RequestLedger& ledger) {
    const MockStatistics all = ledger.statistics();
    std::string json = "{";
    const auto add = [&](std::string_view name, std::uint64_t value) {
        fmt::format_to(std::back_inserter(json), R"("{}":{},)", name, value);
    };
    add("requests", all.requests);
    add("answered", all.answered);
    add("refused", all.refused);
    add("connections", all.connections);
    add("connections_refused", all.connections_refused);
    add("in_flight", all.in_flight);
    add("most_in_flight", all.most_in_flight);
    add("most_in_a_second", all.most_in_a_second);
    add("ids", all.ids);
    add("ids_more_than_once", all.ids_more_than_once);
    add("untracked", all.untracked);
    add("crashes", all.crashes);
    json += R"("faults":{)";
    const char* separator = "";
    for (std::size_t row = 0; row < fault_rows; ++row) {
        if (ledger.times_struck(row) == 0) continue;
        const std::string_view name = row == 0 ? "status" : fault_row(row).name;
        fmt::format_to(std::back_inserter(json), R"({}"{}":{})", std::exchange(separator, ","), name,
                       ledger.times_struck(row));
    }
    return json + "}}";
}

void append_id(std::string& json, std::string_view id, const IdStatistics& one) {
    json += R"({"id":)";
    append_json_string(json, id);
    fmt::format_to(std::back_inserter(json),
                   R"(,"came":{},"answered":{},"refused":{},"in_flight":{},"most_in_flight":{}}})", one.came,
                   one.answered, one.refused, one.in_flight, one.most_in_flight);
}

}  // namespace

Answer statistics_answer(std::string_view target, const RequestLedger& ledger) {
    const std::string_view path = path_of(target);
    Answer answer;
    if (path == "/stats") {
        answer.body = totals(ledger);
    } else if (path == ids_path) {
        const std::string_view bound = query_value(target, "came_at_least");
        const auto least = parse_number(bound.empty() ? "0" : bound, 0, std::numeric_limits<std::uint32_t>::max());
        if (!least) return explanation("write /stats/ids or /stats/ids?came_at_least=<n>");
        answer.content_type = "application/jsonl";
        ledger.for_each([&](std::string_view id, const IdStatistics& one) {
            if (one.came < *least) return;
            append_id(answer.body, id, one);
            answer.body += '\n';
        });
    } else if (const auto id = after("/stats/ids/", path)) {
        append_id(answer.body, *id, ledger.statistics_of(*id));
    } else {
        return explanation("write /stats, /stats/ids, /stats/ids?came_at_least=<n> or /stats/ids/<id>");
    }
    return answer;
}

}  // namespace plait::mock::internal
