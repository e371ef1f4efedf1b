#include "plait/batch/output/internal/gemini_line.hpp"

#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <simdjson.h>

namespace plait::batch::internal {

namespace ondemand = simdjson::ondemand;

struct GeminiLineReader::Buffers {
    ondemand::parser parser;
    json::PaddedText text;
    std::string own;
};

GeminiLineReader::GeminiLineReader() : buffers_(std::make_unique<Buffers>()) {}
GeminiLineReader::~GeminiLineReader() = default;

std::optional<std::string_view> GeminiLineReader::read(std::string_view text) {
    ondemand::document document;
    std::string_view own, body;
    const simdjson::padded_string_view line = buffers_->text.assign({text});
    if (!text.ends_with('}') || buffers_->parser.iterate(line).get(document) ||
        document["metadata"]["plait"].get_string().get(own)) {
        return std::nullopt;
    }
    std::string& whole = buffers_->own;
    whole = own;
    ondemand::object response;
    if (document["response"].get_object().get(response) || response.raw_json().get(body)) return whole;
    if (!whole.ends_with("}}")) return std::nullopt;
    whole.resize(whole.size() - 2);
    whole.append(",\"body\":").append(body).append("}}");
    return whole;
}

void append_gemini_line(std::string& out, std::string_view key, std::string_view result, std::string_view own,
                        std::string_view metadata) {
    out += "{\"key\":";
    json::append_string(out, key);
    out.append(",").append(result).append(",\"metadata\":{");
    if (!metadata.empty()) {
        const std::string_view inside = metadata.substr(1, metadata.rfind('}') - 1);
        if (inside.find('"') != std::string_view::npos) out.append(inside).append(",");
    }
    out += "\"plait\":";
    json::append_string(out, own);
    out += "}}\n";
}

}  // namespace plait::batch::internal
