#include "plait/batch/check/check.hpp"
#include "plait/json/object_writer.hpp"
#include "plait/json/text.hpp"

namespace plait::batch {

namespace {

using json::ObjectWriter;

std::string forecast_json(const Forecast& forecast) {
    const auto cost = [](const UnitSum& sum) {
        return json::ObjectWriter().text("unit", sum.unit).number("sum", sum.sum).count("calls", sum.calls).end();
    };
    const auto bound = [](const TimeBound& time) {
        return json::ObjectWriter().number("seconds", time.seconds).text("because", time.because).end();
    };
    const auto budget = [](const BudgetForecast& of) {
        return json::ObjectWriter()
            .text("unit", of.rule.budget().unit)
            .number("budget", of.rule.budget().amount)
            .number("needed", of.needed)
            .json("is_enough", of.is_enough()      ? "true"
                               : of.is_too_small() ? "false"
                                                   : "null")
            .count("enough_for_calls", of.enough_for)
            .count("calls_untold", of.untold)
            .end();
    };
    return json::ObjectWriter()
        .list("costs", forecast.costs, cost)
        .list("takes_at_least", forecast.bounds, bound)
        .list("budgets", forecast.budgets, budget)
        .counts("calls_untold", forecast.untold)
        .end();
}

}  // namespace

std::string check_json(const CheckReport& report) {
    const auto bad = [](const CheckReport::BadRequest& request) {
        return json::ObjectWriter().count("line", request.line).text("message", request.message).end();
    };
    const auto reason = [](const CheckReport::Reason& why) {
        return json::ObjectWriter()
            .text("reason", why.reason)
            .count("first_line", why.first_line)
            .count("lines", why.lines)
            .end();
    };
    const auto column = [](const std::pair<std::string, std::vector<std::string>>& sent) {
        const auto quoted = [](const std::string& place) {
            std::string text;
            json::append_string(text, place);
            return text;
        };
        return json::ObjectWriter().text("column", sent.first).list("places", sent.second, quoted).end();
    };
    const auto repeated = [](const CheckReport::RepeatedId& id) {
        return json::ObjectWriter()
            .text("custom_id", id.custom_id)
            .count("line", id.line)
            .count("before", id.before)
            .end();
    };
    const auto secret = [](const CheckReport::SecretPlace& place) {
        return json::ObjectWriter()
            .text("where", place.secret.where)
            .text("kind", place.secret.kind)
            .count("first_line", place.first_line)
            .count("calls", place.calls)
            .end();
    };
    const auto left_name = [](const InputNotes::LeftName& left) {
        return json::ObjectWriter()
            .text("name", left.name)
            .count("first_line", left.first_line)
            .count("calls", left.calls)
            .end();
    };
    const auto doubled = [](const CheckReport::DoubledPath& path) {
        return json::ObjectWriter().count("line", path.line).text("path", path.path).text("part", path.part).end();
    };
    const auto route = [](const std::pair<std::string, std::string>& of) {
        return json::ObjectWriter().text("origin", of.first).text("route", of.second).end();
    };
    return json::ObjectWriter()
        .count("calls", report.calls)
        .counts("methods", report.methods)
        .counts("groups", report.groups)
        .count("group_count", report.group_count)
        .list("routes", report.routes, route)
        .count("bad_count", report.bad_count)
        .list("bad", report.bad, bad)
        .list("reasons", report.reasons, reason)
        .text("first_request", report.first_request)
        .list("columns", report.columns, column)
        .count("repeated_count", report.repeated_count)
        .list("repeated", report.repeated, repeated)
        .count("calls_with_secrets", report.calls_with_secrets)
        .list("secrets", report.secrets, secret)
        .count("calls_with_names_not_permitted", report.notes.calls_with_left_names())
        .list("names_not_permitted", report.notes.left_names(), left_name)
        .count("urls_joined_once", report.notes.urls_joined_once())
        .count("doubled_count", report.doubled_count)
        .list("doubled", report.doubled, doubled)
        .count("unsafe_without_key", report.unsafe_count)
        .json("forecast", forecast_json(report.forecast))
        .end();
}

}  // namespace plait::batch
