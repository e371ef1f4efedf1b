#pragma once

#include "plait/batch/requests/multipart_form.hpp"

#include <simdjson.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch::internal {

/// One element of the field `multipart` of a request line.
struct MultipartPart {
    std::string name;
    std::string value;     ///< of a field
    std::string file;      ///< the path of a file; empty: it is a field
    std::string filename;  ///< empty: the last part of the path
    std::string type;      ///< empty: the usual one
};

/// Reads `[{"name": "purpose", "value": "batch"}, {"name": "file", "file": "a.jsonl", "type": "application/jsonl"}]`.
/// `text_of` makes the text of a value: secrets replace their names. Throws `Error(bad_input)`.
std::vector<MultipartPart> read_multipart(
    simdjson::ondemand::value value,
    const std::function<std::string_view(simdjson::ondemand::value value, std::string_view name)>& text_of);

/// Throws `Error(bad_input)` when a file can't be read.
MultipartForm make_form(std::vector<MultipartPart> parts, std::string_view boundary);

}  // namespace plait::batch::internal
