#include "plait/batch/answer/cost_source.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/answer/answer_text.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>

namespace plait::batch {

CostSource parse_cost_source(std::string_view text, std::string_view usual_unit) {
    const auto refuse = [text](std::string_view reason) {
        throw Error(ErrorCode::bad_input,
                    fmt::format("'{}': {}; write it as tokens=/usage/total_tokens", text, reason));
    };
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) refuse("there is no JSON Pointer, which begins with a '/'");
    std::string_view unit = text.substr(0, slash);
    if (unit.ends_with('=')) {
        unit.remove_suffix(1);
        if (unit.empty()) refuse("there is no unit before the '='");
    } else if (!unit.empty()) {
        refuse("there is no '=' between the unit and the JSON Pointer");
    } else if (usual_unit.empty()) {
        refuse("it names no unit");
    } else {
        unit = usual_unit;
    }
    return CostSource(std::string(unit), std::string(text.substr(slash)));
}

std::optional<double> cost_in(const http::Response& response, const CostSource& source) {
    // One for each thread: a parser keeps its buffers.
    thread_local simdjson::dom::parser parser;
    simdjson::dom::element document;
    double cost = 0;
    const AnswerText text(response);
    if (parser.parse(json::without_byte_order_mark(text.get())).get(document) != simdjson::SUCCESS) return std::nullopt;
    if (document.at_pointer(source.pointer).get_double().get(cost) != simdjson::SUCCESS) return std::nullopt;
    if (!(cost >= 0) || !std::isfinite(cost)) return std::nullopt;
    return cost;
}

}  // namespace plait::batch
